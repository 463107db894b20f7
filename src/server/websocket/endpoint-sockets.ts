import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { messageOf, ThingError } from "../../base/errors.ts";
import { decodePercent } from "../../base/percent.ts";
import type { EndpointAffordance } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { queryOf } from "../../streams/stream-request.ts";
import type { Identity } from "../http/identity.ts";
import { endpointRequest } from "../things/endpoint-request.ts";
import { answerOf, ownSignal } from "../things/endpoints.ts";
import { explainedSocket } from "./explained-socket.ts";

/** An endpoint that reads messages, and what its path says. */
export interface MessagesEndpoint {
  readonly hosted: HostedThing;
  readonly endpoint: EndpointAffordance;
  readonly params: Readonly<Record<string, string>>;
}

const NORMAL = 1000;
const BROKEN_OFF = 1006;
const POLICY_VIOLATION = 1008;
const FAILED = 1011;
const CLOSE_MS = 2000;
const PING_MS = 15_000;

/** The WebSocket of a Thing's own that has this path; undefined when none has. */
export function messagesEndpointAt(
  url: string,
  host: ThingHost,
  prefix: string,
): MessagesEndpoint | undefined {
  const path = url.split("?", 1)[0] ?? "";
  if (!path.startsWith(`${prefix}/`)) return undefined;
  const [name = "", ...segments] = path.slice(prefix.length + 1).split("/");
  const hosted = host.things.get(name);
  for (const endpoint of hosted?.model.endpoints ?? []) {
    const params = endpoint.body === "messages" && paramsIn(endpoint.path, segments);
    if (hosted && params) return { hosted, endpoint, params };
  }
  return undefined;
}

/**
 * Lets the Thing read the messages of a WebSocket. The WebSocket opens when the Thing reads them.
 * @throws What the Thing throws before that: the request is refused with it.
 */
export async function serveMessages(
  { hosted, endpoint, params }: MessagesEndpoint,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  identity: Identity | undefined,
): Promise<void> {
  let opened: WebSocket | undefined;
  const gone = new AbortController();
  socket.once("close", () => gone.abort(clientGone()));
  const readMessages = async (onMessage: (message: Uint8Array | string) => void, most: number) => {
    opened = await upgraded(request, socket, head, most);
    await readFrom(opened, onMessage);
  };
  const readBytes = async () => {
    throw new ThingError("NOT_SUPPORTED", "A WebSocket has messages: use readMessages.");
  };
  const own = { params, query: queryOf(request), signal: ownSignal(gone.signal, hosted.faults) };
  const asked = endpointRequest(request, identity, { ...own, readBytes, readMessages });
  const stop = hosted.departure.onLeft(({ message }) => end(opened, POLICY_VIOLATION, message));
  try {
    await answerOf(hosted, endpoint, asked);
    if (!opened) throw new ThingError("NOT_READY", "Nothing is read from this WebSocket now.");
    end(opened, NORMAL, "");
  } catch (error) {
    if (!opened) throw error;
    end(opened, error instanceof ThingError ? POLICY_VIOLATION : FAILED, messageOf(error));
  } finally {
    stop();
  }
}

function upgraded(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  maxPayload: number,
): Promise<WebSocket> {
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload, maxFragments: 1024, perMessageDeflate: false },
    WebSocket: explainedSocket(maxPayload),
  });
  return new Promise((resolve, reject) => {
    if (socket.destroyed) reject(clientGone());
    socket.once("close", () => reject(clientGone())); // a handshake that is wrong is answered, and never opens
    sockets.handleUpgrade(request, socket, head, resolve);
  });
}

/** Resolves when the client has closed it; rejects with what the listener throws, or what broke it off. */
function readFrom(
  socket: WebSocket,
  onMessage: (message: Uint8Array | string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasAnswered = true;
    const ping = setInterval(() => {
      if (!hasAnswered) socket.terminate();
      hasAnswered = false;
      socket.ping();
    }, PING_MS).unref();
    socket.on("pong", () => {
      hasAnswered = true;
    });
    const take = (data: RawData, isBinary: boolean) => {
      hasAnswered = true;
      try {
        onMessage(isBinary ? bytesOf(data) : data.toString());
      } catch (error) {
        socket.off("message", take); // what came after it is not read
        reject(error);
      }
    };
    socket.on("message", take);
    socket.on("error", (error) => reject(inWords(error)));
    socket.on("close", (code) => {
      clearInterval(ping);
      if (code === BROKEN_OFF) reject(clientGone());
      else resolve();
    });
  });
}

function clientGone(): DOMException {
  return new DOMException("The client has gone.", "AbortError");
}

function inWords(error: Error & { code?: string }): Error {
  const isTooLong = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
  return isTooLong
    ? new ThingError("BODY_TOO_LARGE", "A message is longer than is accepted here.")
    : error;
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function end(socket: WebSocket | undefined, code: number, reason: string): void {
  if (!socket || socket.readyState === socket.CLOSED) return;
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), CLOSE_MS).unref();
}

/** What the segments of a path say; undefined where it is another path. */
function paramsIn(
  pattern: string,
  segments: readonly string[],
): Record<string, string> | undefined {
  const parts = pattern.split("/");
  if (parts.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [n, part] of parts.entries()) {
    const segment = segments[n] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = decodePercent(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}
