import type { Http } from "./http.ts";
import { listOf, objectOf, textOf, textsOf } from "./json.ts";

/** What a connection tells. */
interface SocketListener {
  /** It stands. */
  opened(): Promise<void>;
  value(name: string, value: unknown): void;
  event(name: string, data: unknown): void;
  problem(name: string, isEvent: boolean, sentence: string | undefined): void;
}

const WEB_THING = "webthingprotocol";
/** Longest time until it opens, ms. */
const OPEN_MS = 15_000;
/** So often the other side is asked for a sign of life, ms: a connection may be dead without a word, e.g. after sleep. */
const PULSE_MS = 10_000;
const PULSE = { messageType: "request", operation: "readmultipleproperties", names: [] };

/** The WebSocket of a description that tells everything; undefined without one, and where there are no WebSockets. */
export function socketUrlIn(forms: unknown, origin: string): string | undefined {
  if (typeof WebSocket !== "function") return undefined;
  const form = listOf(forms)
    .map(objectOf)
    .find(
      ({ op, subprotocol, href }) =>
        subprotocol === WEB_THING &&
        textsOf(op).includes("observeallproperties") &&
        textOf(href)?.startsWith("ws"),
    );
  const href = textOf(form?.href) ?? "";
  // As the page reached the server, whatever the server thinks it is called.
  const isHere = URL.canParse(href) && new URL(href).host === new URL(origin).host;
  return isHere ? href : undefined;
}

/**
 * Follows a Thing over a WebSocket. Resolves or rejects when the connection has ended.
 * @see Web Thing Protocol, WebSocket Sub-protocol.
 */
export function thingSocket(
  http: Http,
  url: string,
  listener: SocketListener,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, WEB_THING);
    let isAlive = true;
    const end = (error?: unknown) => {
      clearInterval(pulse);
      clearTimeout(opening);
      signal.removeEventListener("abort", onAbort);
      socket.onmessage = null;
      socket.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => end();
    const lost = () => end(new Error("The connection was lost."));
    const opening = setTimeout(lost, OPEN_MS);
    const pulse = setInterval(() => {
      if (socket.readyState !== socket.OPEN) return;
      if (!isAlive) return lost();
      isAlive = false;
      socket.send(JSON.stringify(PULSE));
    }, PULSE_MS);
    signal.addEventListener("abort", onAbort);
    socket.onopen = () => {
      clearTimeout(opening);
      for (const operation of ["observeallproperties", "subscribeallevents"])
        socket.send(JSON.stringify({ messageType: "request", operation }));
      listener.opened().catch(end);
    };
    socket.onmessage = ({ data }) => {
      isAlive = true;
      try {
        hear(objectOf(http.parse(String(data), http.origin)), listener);
      } catch (error) {
        end(error);
      }
    };
    socket.onclose = lost;
    socket.onerror = lost;
  });
}

function hear(message: Readonly<Record<string, unknown>>, listener: SocketListener): void {
  const { messageType, operation, name, value, data, error } = message;
  if (messageType !== "notification" || typeof name !== "string") return;
  const isEvent = operation === "subscribeallevents";
  if (error !== undefined) listener.problem(name, isEvent, textOf(objectOf(error).detail));
  else if (operation === "observeallproperties") listener.value(name, value);
  else if (isEvent) listener.event(name, data);
}
