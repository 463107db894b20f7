import type { IncomingMessage } from "node:http";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";

const LONGEST_TARGET = 8000;

/**
 * Gives `request.url` one form for all that mean the same, before anything looks at it: a path, with the query as it came.
 * An absolute address loses its origin, whose host takes the place of the Host header; characters that need no
 * percent-encoding lose it, so that roles and routes see one path. `%2F` stays what it is, and no dot segment is
 * removed: nothing is served at such a path. `*`, of OPTIONS, stays.
 * @throws {ThingError} `TARGET_TOO_LONG`, `MALFORMED_REQUEST`.
 * @see RFC 9112, 3.2 Request Target; RFC 3986, 6.2.2 Syntax-Based Normalization.
 */
export function normalizeTarget(request: IncomingMessage): void {
  const { url = "", method } = request;
  if (url.length > LONGEST_TARGET) throw tooLong();
  if (url.charCodeAt(0) !== SLASH) request.url = withoutOrigin(request, url, method);
  if (request.url?.includes("%")) request.url = withoutNeedlessEscapes(request.url);
}

/** How long a client wants to wait, s, by `?wait=`. @throws {ThingError} `BAD_ARGUMENT` for what is no time up to `longestS`. */
export function waitIn(query: URLSearchParams, longestS: number): number | undefined {
  const text = query.get("wait");
  if (text === null) return undefined;
  const seconds = text.trim() ? Number(text) : Number.NaN;
  if (seconds >= 0 && seconds <= longestS) return seconds;
  throw new ThingError("BAD_ARGUMENT", `'wait' must be a number of seconds from 0 to ${longestS}.`);
}

/**
 * Refuses a body whose length two readers could see differently, or whose coding is not known here. Node's parser has
 * refused the rest: two lengths, and a length beside chunks.
 * @throws {ThingError} `NOT_SUPPORTED`, `MALFORMED_REQUEST`.
 * @see RFC 9112, 6.1 Transfer-Encoding, 6.3 Message Body Length.
 */
export function checkFraming({ headers, httpVersion }: IncomingMessage): void {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return;
  if (httpVersion === "1.0") {
    throw new ThingError(
      "MALFORMED_REQUEST",
      "The request has a Transfer-Encoding, which HTTP/1.0 does not define. Send a Content-Length, or HTTP/1.1.",
    );
  }
  if (coding.trim().toLowerCase() === "chunked") return;
  throw new ThingError(
    "NOT_SUPPORTED",
    `The body has the transfer coding '${coding.slice(0, 80)}', but this server supports only 'chunked'. Send the body chunked.`,
  );
}

/** What a whole number of the query may be. */
export const LARGEST_NUMBER = 999_999_999;

/** A whole number of the query; undefined when it is not there. @throws {ThingError} `BAD_ARGUMENT`. */
export function numberIn(
  query: URLSearchParams,
  name: string,
  minimum: number,
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= minimum) return number;
  throw badQuery(name, text, `an integer from ${minimum}`);
}

/** For a parameter of the query that is not what it should be. */
export function badQuery(name: string, text: string, wanted: string): ThingError {
  return new ThingError("BAD_ARGUMENT", `${name}=${quoted(text)} is not valid: give ${wanted}.`);
}

const SLASH = "/".charCodeAt(0);

function withoutOrigin(request: IncomingMessage, url: string, method: string | undefined): string {
  if (url === "*" && method === "OPTIONS") return url;
  const [, authority, rest = ""] = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i.exec(url) ?? [];
  if (authority === undefined) throw malformed(url);
  request.headers.host = authority;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** In the path alone: a query is decoded by who reads it. */
function withoutNeedlessEscapes(url: string): string {
  const end = url.indexOf("?");
  const path = end < 0 ? url : url.slice(0, end);
  const plain = path.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return UNRESERVED.test(character) ? character : escaped.toUpperCase();
  });
  return end < 0 ? plain : plain + url.slice(end);
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;

function tooLong(): ThingError {
  return new ThingError(
    "TARGET_TOO_LONG",
    `The path and query are longer than ${LONGEST_TARGET} characters, which is the limit here. Send what is long in a body.`,
  );
}

function malformed(url: string): ThingError {
  return new ThingError(
    "MALFORMED_REQUEST",
    `The request is for ${JSON.stringify(url.slice(0, 80))}, which is neither a path nor an http address. Request a path such as /health.`,
  );
}
