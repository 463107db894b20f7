import type { IncomingMessage } from "node:http";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import { cut } from "../../base/preview.ts";

export interface BodyLimits {
  /** Bytes; 1 MiB. */
  readonly limit?: number;
  /** From now to the last byte; 20 s. */
  readonly timeoutMs?: number;
}

/** Of all requests together whose bodies are being read. */
const BODIES_IN_ALL = 64 * 2 ** 20;
const FIRST_CAPACITY = 1024;

const bodyLimit = countedLimit("body_bytes");
const timeLimit = countedLimit("body_time");
const allLimit = countedLimit("bodies_in_all");

/** Bytes that unfinished bodies hold now. */
let held = 0;

/**
 * The bytes of a body.
 * @throws {ThingError} `BODY_TOO_LARGE`, `BODY_TOO_SLOW`, `UNSUPPORTED_MEDIA_TYPE` for a compressed one,
 * `TOO_MANY_CONNECTIONS` while other requests' bodies take all the room.
 */
export function readBody(
  request: IncomingMessage,
  { limit = 2 ** 20, timeoutMs = 20_000 }: BodyLimits = {},
): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw unsupported(`the encoding '${cut(encoding, 100)}'`, "Send it uncompressed");
  }
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  return new Promise((resolve, reject) => {
    const body = new BodyBytes();
    const timer = setTimeout(() => settle(() => reject(tooSlow(timeoutMs))), timeoutMs);
    const onData = (chunk: Buffer) => {
      if (body.length + chunk.length > limit) settle(() => reject(tooLarge(limit)));
      else if (!body.add(chunk, limit)) settle(() => reject(tooManyBodies()));
    };
    const onEnd = () => settle(() => resolve(body.bytes));
    const onClose = () => settle(() => reject(gone()));
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      request.on("error", () => {}); // what still comes is thrown away with the response
      outcome();
      body.release();
    };
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

/**
 * A body in one piece that grows: a list of chunks would hold far more than its bytes for a client that sends them
 * one by one.
 */
class BodyBytes {
  length = 0;
  #buffer = Buffer.alloc(0);

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  /** False when there is no room left for it. */
  add(chunk: Buffer, most: number): boolean {
    const wanted = this.length + chunk.length;
    if (wanted > this.#buffer.length && !this.#grow(wanted, most)) return false;
    chunk.copy(this.#buffer, this.length);
    this.length = wanted;
    return true;
  }

  /** Whoever has the bytes now answers for them. */
  release(): void {
    held -= this.#buffer.length;
    this.#buffer = Buffer.alloc(0);
  }

  #grow(wanted: number, most: number): boolean {
    const capacity = Math.min(most, Math.max(wanted, 2 * this.#buffer.length, FIRST_CAPACITY));
    const more = capacity - this.#buffer.length;
    if (held + more > BODIES_IN_ALL) return false;
    held += more;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(grown);
    this.#buffer = grown;
    return true;
  }
}

/** The error for a body of a kind that is not taken. */
export function unsupported(what: string, instead: string): ThingError {
  return new ThingError(
    "UNSUPPORTED_MEDIA_TYPE",
    `The body has ${what}, which is not accepted here. ${instead}.`,
  );
}

function tooManyBodies(): ThingError {
  allLimit.hit();
  return new ThingError(
    "TOO_MANY_CONNECTIONS",
    `The bodies of other requests take all the memory reserved for bodies, ${BODIES_IN_ALL / 2 ** 20} MiB. Try again in a moment.`,
  );
}

function tooLarge(limit: number): ThingError {
  bodyLimit.hit();
  return new ThingError(
    "BODY_TOO_LARGE",
    `The body is longer than ${limit} bytes, which is the limit here. Send less at a time.`,
  );
}

function tooSlow(timeoutMs: number): ThingError {
  timeLimit.hit();
  return new ThingError(
    "BODY_TOO_SLOW",
    `The body was not complete after ${timeoutMs / 1000} s. Send it again over a faster connection.`,
  );
}

function gone(): DOMException {
  return new DOMException("The client disconnected before its body was complete.", "AbortError");
}
