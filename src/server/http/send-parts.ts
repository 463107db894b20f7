import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Exchange } from "./route.ts";

/** An answer that is made while it is sent. */
export interface SentParts {
  readonly parts: AsyncIterable<Uint8Array>;
  readonly mediaType: string;
}

/**
 * Sends what is made in parts, each when the client has taken the one before. What goes wrong before the first part is thrown; after
 * that the connection ends without the answer's end, which tells the client.
 */
export async function sendParts(
  { request, response }: Pick<Exchange, "request" | "response">,
  { parts, mediaType }: SentParts,
): Promise<void> {
  const rest = parts[Symbol.asyncIterator]();
  const first = await rest.next();
  response.setHeader("Content-Type", mediaType);
  response.setHeader("Cache-Control", "no-store");
  if (request.method === "HEAD") {
    await rest.return?.();
    response.end();
    return;
  }
  await pipeline(Readable.from(all(first, rest)), response).catch(() => {}); // the client has gone, or the disk failed
}

async function* all(
  first: IteratorResult<Uint8Array, unknown>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
