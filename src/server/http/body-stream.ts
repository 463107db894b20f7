import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ByteReader } from "../../base/byte-reader.ts";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** A body that is read as it comes is silent for this long at most, ms. */
const SILENT_MS = 30_000;
/** What is still to come of a body that was refused is thrown away for this long, ms: a client that is cut off at once never reads why. */
const REFUSED_MS = 2000;

const silenceLimit = countedLimit("body_silence");

/** Connections whose request may take as long as it likes. */
const endless = new WeakSet<Socket>();

/** Whether the request of a connection is one that may take as long as it likes: its body is read as it comes. */
export function isEndless(socket: object): boolean {
  return endless.has(socket as Socket);
}

/**
 * Gives the body of a request to `reader` as it comes. Resolves when it has ended, or the reader has.
 * @throws {ThingError} `BODY_TOO_SLOW` when nothing comes for `silentMs`; what the reader throws. {DOMException} `AbortError` when the client goes away.
 */
export async function readBodyAsItComes(
  request: IncomingMessage,
  reader: ByteReader,
  { silentMs = SILENT_MS } = {},
): Promise<void> {
  const { socket } = request;
  endless.add(socket);
  try {
    await received(request, reader, silentMs);
  } finally {
    endless.delete(socket);
  }
}

/** The rest of a body that nobody reads any more comes to its end, or its connection does. */
export function dropRest(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  request.on("error", () => {});
  response.once("finish", () => {
    const timer = setTimeout(() => request.socket.destroy(), REFUSED_MS).unref();
    request.once("close", () => clearTimeout(timer));
    request.resume();
  });
}

function received(request: IncomingMessage, reader: ByteReader, silentMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasCome = true;
    const watch = setInterval(() => {
      if (!hasCome) settle(() => reject(tooSilent(silentMs)));
      hasCome = false;
    }, silentMs / 2).unref();
    const onData = (bytes: Buffer) => {
      hasCome = true;
      try {
        reader.read(bytes);
      } catch (error) {
        settle(() => reject(error));
        return;
      }
      if (reader.ended) settle(resolve);
    };
    const onEnd = () => settle(resolve);
    const onClose = () => settle(() => reject(gone()));
    const settle = (outcome: () => void) => {
      clearInterval(watch);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      request.on("error", () => {});
      outcome();
    };
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

function tooSilent(ms: number): ThingError {
  silenceLimit.hit();
  return new ThingError(
    "BODY_TOO_SLOW",
    `Nothing of the body came for ${ms / 1000} s. Send it again over a faster connection.`,
  );
}

function gone(): DOMException {
  return new DOMException("The client disconnected before its body was complete.", "AbortError");
}
