import type { IncomingMessage, ServerResponse } from "node:http";
import { blobReplacer } from "../../files/blob-store.ts";
import type { Problem } from "./problem.ts";
import { JSON_TYPE, PROBLEM_TYPE, type Reply } from "./route.ts";

/**
 * Writes a whole answer. The body of a HEAD is counted and left out; one that was not made has no length.
 * @param base - What links to blobs begin with.
 */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  base: () => string = () => "",
): void {
  const headers: Record<string, string | number> = {
    "Cache-Control": "no-store",
    ...reply.headers,
  };
  if (reply.status === 204 || reply.status === 304) {
    response.writeHead(reply.status, headers);
    response.end();
    return;
  }
  const contentType = reply.contentType ?? JSON_TYPE;
  if (request.method === "HEAD" && reply.body === undefined) {
    response.writeHead(reply.status, { ...headers, "Content-Type": contentType });
    response.end();
    return;
  }
  const body = writtenBody(reply.body, contentType, base);
  headers["Content-Type"] = contentType;
  headers["Content-Length"] = Buffer.byteLength(body);
  response.writeHead(reply.status, headers);
  response.end(request.method === "HEAD" ? undefined : body);
}

export function writeProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
): void {
  const headers: Record<string, string> = {};
  const isSaid = response.hasHeader("Retry-After"); // by whoever knows better
  if (problem.status === 503 && !isSaid) headers["Retry-After"] = "1";
  if (problem.status === 429 && !isSaid) headers["Retry-After"] = "60";
  if (problem.status === 408) headers.Connection = "close"; // what is still to come is not waited for
  writeReply(request, response, {
    status: problem.status,
    body: problem,
    contentType: PROBLEM_TYPE,
    headers,
  });
}

/**
 * What a page of the server may load.
 * @param script - What may be run beside the server's own files: a hash.
 * @param connects - Where it may connect to.
 */
export function policyWith(script = "", connects = ""): string {
  return [
    "default-src 'self'",
    ...(script ? [`script-src 'self' ${script}`] : []),
    ...(connects ? [`connect-src 'self' ${connects}`] : []),
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join("; ");
}

const HEADERS = {
  "Content-Security-Policy": policyWith(),
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Keeps an answer's content to the pages of this server. Every response has these headers. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/** Lets pages of other origins show the answer, which is a stream's picture. */
export function allowEmbedding(response: ServerResponse): void {
  response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
}

/** Text stays a string: Node sends it with the headers in one piece. */
function writtenBody(body: unknown, contentType: string, base: () => string): Uint8Array | string {
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string" && !contentType.includes("json")) return body;
  if (typeof body !== "object" || body === null) return JSON.stringify(body ?? null);
  return JSON.stringify(body, blobReplacer(base));
}
