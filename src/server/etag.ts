import { createHash } from "node:crypto";
import type { Exchange, Reply } from "./route.ts";

/**
 * A reply, JSON or bytes, with a strong validator, the hash of its body; 304 without body for a client that has it already.
 * @see RFC 9110, 8.8.3 ETag, 13.1.2 If-None-Match.
 */
export function revalidated({ request }: Pick<Exchange, "request">, reply: Reply): Reply {
  const body =
    reply.body instanceof Uint8Array ? reply.body : Buffer.from(JSON.stringify(reply.body));
  const etag = `"${hashOf(body)}"`;
  const headers = { "Cache-Control": "no-cache", ...reply.headers, ETag: etag };
  return isKnown(request.headers["if-none-match"], etag)
    ? { status: 304, headers }
    : { ...reply, body, headers };
}

/** Short enough for a header, long enough never to meet again. */
export function hashOf(body: string | Uint8Array): string {
  return createHash("sha256").update(body).digest("base64url").slice(0, 27);
}

function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
