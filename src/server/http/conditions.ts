import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ThingError } from "../../base/errors.ts";
import type { Reply, Route } from "./route.ts";

/**
 * What is answered to a request with its conditions: 304 without body to a client that has what is there already.
 * @throws {ThingError} `PRECONDITION_FAILED`.
 * @see RFC 9110, 13 Conditional Requests: they count where the answer were a success.
 */
export function judged(
  { method, hasETag, compresses }: Route,
  request: IncomingMessage,
  reply: Reply,
  coding = "identity",
): Reply {
  if (method !== "GET" || reply.status !== 200) return reply;
  if (hasETag) return revalidated(request, compresses ? varying(reply) : reply, coding);
  const { "if-match": wanted, "if-none-match": known } = request.headers;
  if (wanted !== undefined && wanted.trim() !== "*") throw changed();
  return known?.trim() === "*" ? { status: 304, headers: reply.headers ?? {} } : reply;
}

/** The answer differs with what a client can decompress: caches between have to know. */
function varying(reply: Reply): Reply {
  const { Vary: vary } = reply.headers ?? {};
  return { ...reply, headers: { ...reply.headers, Vary: vary ? `${vary}, ${CODING}` : CODING } };
}

const CODING = "Accept-Encoding";

/**
 * JSON or bytes with a strong validator, the hash of the body; compressed they are other bytes, and have another.
 * @see RFC 9110, 8.8.3 ETag, 13.1.2 If-None-Match.
 */
function revalidated(request: IncomingMessage, reply: Reply, coding: string): Reply {
  const body =
    reply.body instanceof Uint8Array ? reply.body : Buffer.from(JSON.stringify(reply.body));
  const hash = reply.hash ?? hashOf(body);
  const etag = coding === "identity" ? `"${hash}"` : `"${hash}-${coding}"`;
  const headers = { "Cache-Control": "no-cache", ...reply.headers, ETag: etag };
  assertMatches(request, etag);
  const known = request.headers["if-none-match"];
  return known !== undefined && isAmong(known, etag, WEAK)
    ? { status: 304, headers }
    : { ...reply, body, hash, headers };
}

/** The validators of a resource as it is now, as far as a client can know them. */
export interface Validators {
  readonly etag?: string;
  /** When it last changed, epoch ms. */
  readonly modifiedAt?: number;
}

/**
 * Refuses to change what its client does not know to be as it is.
 * @throws {ThingError} `PRECONDITION_FAILED`.
 * @see RFC 9110, 13.1.1 If-Match, 13.1.2 If-None-Match, 13.1.4 If-Unmodified-Since, 13.2.2 for their order.
 */
export function assertUnchanged(
  { headers }: IncomingMessage,
  { etag, modifiedAt }: Validators = {},
): void {
  const { "if-match": wanted, "if-none-match": known, "if-unmodified-since": since } = headers;
  if (wanted !== undefined && !isAmong(wanted, etag, STRONG)) throw changed();
  const isNewer =
    modifiedAt !== undefined && seconds(modifiedAt) > seconds(Date.parse(since ?? ""));
  if (wanted === undefined && isNewer) throw changed(); // nothing is newer than what is not a date
  if (known !== undefined && isAmong(known, etag, WEAK)) throw changed();
}

/** @throws {ThingError} `PRECONDITION_FAILED` when If-Match is for something else. */
export function assertMatches({ headers }: IncomingMessage, etag: string): void {
  const wanted = headers["if-match"];
  if (wanted !== undefined && !isAmong(wanted, etag, STRONG)) throw changed();
}

/** Short enough for a header, long enough never to meet again. */
export function hashOf(body: string | Uint8Array): string {
  return createHash("sha256").update(body).digest("base64url").slice(0, 27);
}

const STRONG = /(?:^|,)[ \t]*("[!#-~\x80-\xff]*")(?=[ \t]*(?:,|$))/g;
const WEAK = /(?:^|,)[ \t]*(?:W\/)?("[!#-~\x80-\xff]*")(?=[ \t]*(?:,|$))/g;

/** Whether a list of tags has one. `*` has any that exists. */
function isAmong(list: string, etag: string | undefined, comparison: RegExp): boolean {
  if (list.trim() === "*") return true;
  return [...list.matchAll(comparison)].some(([, tag]) => tag === etag);
}

/** Dates of HTTP have no fractions. */
function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function changed(): ThingError {
  return new ThingError(
    "PRECONDITION_FAILED",
    "A condition of the request (If-Match, If-None-Match or If-Unmodified-Since) does not hold: the resource is not in the state that the request expects. Read it again, then decide.",
  );
}
