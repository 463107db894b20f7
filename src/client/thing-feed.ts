import { delay } from "../base/abort.ts";
import { messageOf } from "../base/errors.ts";
import { pauseAfter } from "../base/pauses.ts";
import { serverSentEvents } from "./event-stream.ts";
import type { Http } from "./http.ts";
import { listOf, objectOf, textOf, textsOf } from "./json.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";
import { formsFor, type ThingDescription } from "./thing-description.ts";

/** What is told of a Thing as a whole. */
export interface ThingListener {
  /** A property has this value now: each once at the beginning, and after each loss of the connection. */
  onProperty(name: string, value: unknown): void;
  /** A property cannot be read, and why. */
  onPropertyProblem?(name: string, sentence: string): void;
  /** An event has happened. */
  onEvent?(name: string, data: unknown): void;
  /** An event has happened whose data cannot be sent, and why. */
  onEventProblem?(name: string, sentence: string): void;
  /** Whether what was told still holds: false from when the connection is lost. */
  onConnected?(isConnected: boolean): void;
}

/** A Thing, its place, and how all its values are read at once. */
interface Followed {
  readonly http: Http;
  readonly described: ThingDescription;
  readonly readAll: (onFailure: (name: string, error: Error) => void) => Promise<object>;
}

const WEB_THING = "webthingprotocol";
/** What this server calls the message that tells why there is no value. */
const PROBLEM_EVENT = "problem";
/** Without a way to be told, values are asked for, ms. */
const POLL_MS = 2000;

/**
 * Follows all properties and events of a Thing over one connection, until the signal aborts: a WebSocket where the Thing offers one
 * (browsers open six connections to a server for everything else), else server-sent events, else its values are polled.
 */
export async function followThing(
  followed: Followed,
  listener: ThingListener,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    let wasConnected = false;
    const onOpen = async () => {
      await tellValues(followed, listener);
      wasConnected = true;
      listener.onConnected?.(true);
    };
    await connect(followed, listener, onOpen, signal).catch(() => {}); // it is tried again, and the listener knows
    if (signal.aborted) return;
    listener.onConnected?.(false);
    failures = wasConnected ? 1 : failures + 1;
    await delay(pauseAfter(failures, RECONNECT_PAUSES), signal).catch(() => {});
  }
}

async function tellValues({ readAll }: Followed, listener: ThingListener): Promise<void> {
  const values = await readAll((name, error) =>
    listener.onPropertyProblem?.(name, messageOf(error)),
  );
  for (const [name, value] of Object.entries(values)) listener.onProperty(name, value);
}

/** Resolves or rejects when the connection has ended. */
function connect(
  followed: Followed,
  listener: ThingListener,
  onOpen: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { raw, forms } = followed.described;
  const socket =
    typeof WebSocket === "function" ? socketUrlIn(raw.forms, followed.http.origin) : undefined;
  if (socket) return overSocket(followed.http, socket, listener, onOpen, signal);
  const urls = ["observeallproperties", "subscribeallevents"].flatMap((op) => {
    const form = formsFor(forms, op).find(({ subprotocol }) => subprotocol === "sse");
    return form ? [form.url()] : [];
  });
  if (urls.length > 0) return overEvents(followed, urls, listener, onOpen, signal);
  return polled(onOpen, signal);
}

function socketUrlIn(forms: unknown, origin: string): string | undefined {
  const form = listOf(forms)
    .map(objectOf)
    .find(
      ({ op, subprotocol, href }) =>
        subprotocol === WEB_THING &&
        textsOf(op).includes("observeallproperties") &&
        textOf(href)?.startsWith("ws"),
    );
  const url = form && new URL(textOf(form.href) ?? "");
  // As the page reached the server, whatever the server thinks it is called.
  return url && url.host === new URL(origin).host ? url.href : undefined;
}

function overSocket(
  http: Http,
  url: string,
  listener: ThingListener,
  onOpen: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, WEB_THING);
    const end = () => socket.close();
    signal.addEventListener("abort", end);
    socket.onopen = () => {
      for (const operation of ["observeallproperties", "subscribeallevents"])
        socket.send(JSON.stringify({ messageType: "request", operation }));
      onOpen().catch(end);
    };
    socket.onmessage = ({ data }) =>
      hear(objectOf(http.parse(String(data), http.origin)), listener);
    socket.onclose = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    socket.onerror = () => reject(new Error("The connection was lost."));
  });
}

/** @see Web Thing Protocol, WebSocket Sub-protocol. */
function hear(message: Readonly<Record<string, unknown>>, listener: ThingListener): void {
  const { messageType, operation, name, value, data, error } = message;
  if (messageType !== "notification" || typeof name !== "string") return;
  if (error !== undefined) {
    const isEvent = operation === "subscribeallevents";
    tellProblem(listener, name, isEvent, textOf(objectOf(error).detail));
  } else if (operation === "observeallproperties") listener.onProperty(name, value);
  else if (operation === "subscribeallevents") listener.onEvent?.(name, data);
}

function tellProblem(
  listener: ThingListener,
  name: string,
  isEvent: boolean,
  sentence: string | undefined,
): void {
  if (isEvent) listener.onEventProblem?.(name, sentence ?? "Its data cannot be sent.");
  else listener.onPropertyProblem?.(name, sentence ?? "It cannot be read.");
}

async function overEvents(
  { http, described }: Followed,
  urls: readonly string[],
  listener: ThingListener,
  onOpen: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let opened = 0;
  const open = () => {
    opened += 1;
    if (opened === urls.length) void onOpen();
  };
  const read = async (url: string) => {
    for await (const { event, data } of serverSentEvents(http, url, { signal, onOpen: open })) {
      const isProperty = described.properties.has(event);
      const isEvent = described.events.has(event);
      if (event === PROBLEM_EVENT && !isProperty && !isEvent) {
        const { name, detail } = objectOf(http.parse(data, url));
        const about = textOf(name) ?? "";
        tellProblem(listener, about, described.events.has(about), textOf(detail));
      } else if (isProperty) listener.onProperty(event, http.parse(data, url));
      else if (isEvent) listener.onEvent?.(event, http.parse(data, url));
    }
  };
  await Promise.all(urls.map(read));
}

async function polled(onOpen: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await onOpen();
    await delay(POLL_MS, signal).catch(() => {});
  }
}
