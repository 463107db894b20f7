import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import send from "send";
import { messageOf, ThingError } from "../base/errors.ts";
import { assertMatches } from "./etag.ts";
import type { Exchange } from "./route.ts";

/** A file on disk as it is sent. */
export interface SentFile {
  readonly path: string;
  /** What a browser calls it when it saves it. */
  readonly name: string;
  readonly mediaType: string;
}

/**
 * Sends a file as it is read: whole, or the range that is asked for, with a strong validator.
 * @throws {ThingError} `NOT_FOUND` when it is gone; `BAD_RANGE`.
 * @see RFC 9110, 13 Conditional Requests, 14 Range Requests.
 */
export async function sendFile(
  { request, response }: Pick<Exchange, "request" | "response">,
  { path, name, mediaType }: SentFile,
): Promise<void> {
  const stats = await stat(path, { bigint: true }).catch((cause) => {
    throw new ThingError("NOT_FOUND", `'${name}' is not there any more.`, { cause });
  });
  const { size } = stats;
  assertMatches(request, etagOf(stats)); // `send` would take a weak tag
  settleRange(request, stats);
  response.setHeader("ETag", etagOf(stats));
  response.setHeader("Content-Type", mediaType);
  response.setHeader("Content-Disposition", `inline; filename*=UTF-8''${encodeURIComponent(name)}`);
  await new Promise<void>((resolve, reject) => {
    send(request, encodeURI(path).replaceAll("#", "%23").replaceAll("?", "%3F"), {
      dotfiles: "allow",
      cacheControl: false,
      index: false,
    })
      .on("headers", () => response.setHeader("Cache-Control", "no-cache"))
      .on("error", (error: Error & { status?: number }) => reject(problemOf(error, name, size)))
      .on("directory", () => reject(new ThingError("NOT_FOUND", `'${name}' is no file any more.`)))
      .pipe(response);
    response.once("close", resolve);
    response.once("finish", resolve);
  });
}

/**
 * Leaves in a request the range that it is to be answered with, in words that `send` understands.
 * @see RFC 9110, 13.1.5 If-Range: only for what is exactly as the client has it; 14.1.2: of a file shorter than a suffix all
 * is meant; 14.2: only GET has ranges.
 */
function settleRange({ method, headers }: Exchange["request"], stats: BigIntStats): void {
  const condition = headers["if-range"];
  const modified = new Date(Number(stats.mtimeMs)).toUTCString();
  const isSame = condition === undefined || [etagOf(stats), modified].includes(String(condition));
  if (method !== "GET" || !isSame) delete headers.range;
  headers.range &&= headers.range.replace(/^bytes=/i, "bytes=");
  const [, suffix] = /^bytes=\s*-(\d+)\s*$/.exec(headers.range ?? "") ?? [];
  if (suffix !== undefined && Number(suffix) >= stats.size) headers.range = "bytes=0-";
}

/** The validator of a file, which changes with it; undefined when it is not there. */
export async function fileETag(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(etagOf, () => undefined);
}

function etagOf({ ino, mtimeNs, size }: Pick<BigIntStats, "ino" | "mtimeNs" | "size">): string {
  return `"${[ino, mtimeNs, size].map((n) => n.toString(36)).join("-")}"`;
}

function problemOf(error: Error & { status?: number }, name: string, size: bigint): Error {
  if (error.status === 416) {
    const why = `'${name}' has ${size} bytes; those that were asked for are not among them.`;
    return new ThingError("BAD_RANGE", why, { cause: error });
  }
  if (error.status === 412) {
    const why = `'${name}' is not as your request's condition says. Fetch it again.`;
    return new ThingError("PRECONDITION_FAILED", why, { cause: error });
  }
  const why = `'${name}' cannot be read: ${messageOf(error)}.`;
  return new ThingError(error.status === 404 ? "NOT_FOUND" : "INTERNAL", why, { cause: error });
}
