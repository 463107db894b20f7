import type { BigIntStats } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { pipeline, promises, Readable } from "node:stream";
import send from "send";
import { type DiskLane, laneAt } from "../../base/disk-lane.ts";
import { codeOf, reasonOf, ThingError } from "../../base/errors.ts";
import { openRegular } from "../../base/regular-file.ts";
import { assertMatches, type Validators } from "./conditions.ts";
import type { Exchange } from "./route.ts";

const CHUNK_BYTES = 128 * 1024;

/** A file on disk as it is sent. */
interface SentFile {
  readonly path: string;
  /** What a browser calls it when it saves it. */
  readonly name: string;
  readonly mediaType: string;
}

/**
 * Sends a file as it is read: whole, or the range that is asked for, with a strong validator. What is no file, or leads to
 * another, is not sent; a disk that hangs holds one thread, however many are sent from it.
 * @throws {ThingError} `NOT_FOUND` when it is gone; `BAD_RANGE`; `NOT_READY` while its disk hangs.
 * @see RFC 9110, 13 Conditional Requests, 14 Range Requests.
 */
export async function sendFile(exchange: Requested, sent: SentFile): Promise<void> {
  const { name } = sent;
  const lane = await laneAt(sent.path).catch((cause) => notThere(name, cause));
  const file = await openIn(lane, sent.path).catch((cause) => notThere(name, cause));
  try {
    await sendOpen(exchange, sent, file, lane);
  } finally {
    void file.close().catch(() => {}); // where the disk hangs, nobody waits for it
  }
}

/** Where the disk hangs, what is opened after that was told is closed: nobody waits for it any more. */
async function openIn(lane: DiskLane, path: string): Promise<FileHandle> {
  let isTold = false;
  const opened = lane.read(async () => {
    const file = await openRegular(path);
    if (isTold) await file.close();
    return file;
  });
  return opened.catch((error) => {
    isTold = true;
    throw error;
  });
}

type Requested = Pick<Exchange, "request" | "response">;

async function sendOpen(
  { request, response }: Requested,
  { path, name, mediaType }: SentFile,
  file: FileHandle,
  lane: DiskLane,
): Promise<void> {
  const [stats, plain] = await lane.read(() =>
    Promise.all([file.stat({ bigint: true }), file.stat()]),
  );
  if (response.destroyed) return; // the client left meanwhile: nothing tells that any more
  assertMatches(request, etagOf(stats)); // `send` would take a weak tag
  settleRange(request, stats);
  response.setHeader("ETag", etagOf(stats));
  response.setHeader("Content-Type", mediaType);
  response.setHeader("Content-Disposition", `inline; filename*=UTF-8''${encodeURIComponent(name)}`);
  await new Promise<void>((resolve, reject) => {
    const sending = send(request, "/", { cacheControl: false, index: false });
    // It answers the request; which bytes those are it does not look up by a name, which may be another file's by now.
    sending.sendFile = () => sending.send(path, plain);
    sending.stream = (_, range: { start?: number; end?: number } = {}) => {
      const { start = 0, end = plain.size } = range;
      const last = Math.min(end, plain.size - 1);
      pipeline(
        Readable.from(bytesOf(file, lane, start, last), { objectMode: false }),
        response,
        () => {},
      );
    };
    sending
      .on("headers", () => response.setHeader("Cache-Control", "no-cache"))
      .on("error", (error: Error & { status?: number }) =>
        reject(problemOf(error, name, stats.size)),
      )
      .pipe(response);
    response.once("close", resolve);
    response.once("finish", resolve);
  });
}

async function* bytesOf(file: FileHandle, lane: DiskLane, start: number, end: number) {
  for (let at = start; at <= end; ) {
    const length = Math.min(CHUNK_BYTES, end - at + 1);
    const { bytesRead, buffer } = await lane.read(() =>
      file.read(Buffer.allocUnsafe(length), 0, length, at),
    );
    if (bytesRead === 0) throw new Error("The file was truncated while it was sent."); // what was promised cannot be kept
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** @throws {ThingError} `NOT_READY` when there is no answer. Resolves when the disk of a file answers. */
export async function assertAnswers(path: string): Promise<void> {
  const lane = await laneAt(path).catch(() => undefined);
  await lane
    ?.read(async () => lstat(path))
    .catch((error) => {
      if (codeOf(error) === "NOT_READY") throw error;
    });
}

/** @throws {ThingError} `NOT_FOUND` for a file that is gone, `INTERNAL` with the reason for one that cannot be read; `cause` if it says so itself. */
export function notThere(name: string, cause: unknown): never {
  if (cause instanceof ThingError) throw cause;
  const isMissing = /^(ENOENT|ENOTDIR|ELOOP)$/.test(codeOf(cause));
  if (isMissing) throw new ThingError("NOT_FOUND", `'${name}' no longer exists.`, { cause });
  throw new ThingError("INTERNAL", `'${name}' cannot be read: ${reasonOf(cause)}.`, { cause });
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

/** The validators of a file, which change with it; none when it is not there. */
export async function fileValidators(path: string): Promise<Validators> {
  const lane = await laneAt(path).catch(() => undefined);
  const stats = await lane?.read(() => lstat(path, { bigint: true })).catch(() => undefined);
  return stats ? { etag: etagOf(stats), modifiedAt: Number(stats.mtimeMs) } : {};
}

/** An answer that is made while it is sent. */
interface SentParts {
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
  await promises.pipeline(Readable.from(all(first, rest)), response).catch(() => {}); // the client has gone, or the disk failed
}

function etagOf({ ino, mtimeNs, size }: Pick<BigIntStats, "ino" | "mtimeNs" | "size">): string {
  return `"${[ino, mtimeNs, size].map((n) => n.toString(36)).join("-")}"`;
}

function problemOf(error: Error & { status?: number }, name: string, size: bigint): Error {
  if (error.status === 416) {
    const why = `'${name}' has ${size} bytes; the requested range is not within them.`;
    return new ThingError("BAD_RANGE", why, { cause: error });
  }
  if (error.status === 412) {
    const why = `'${name}' does not match the condition of the request. Fetch it again.`;
    return new ThingError("PRECONDITION_FAILED", why, { cause: error });
  }
  const why = `'${name}' cannot be read: ${reasonOf(error)}.`;
  return new ThingError(error.status === 404 ? "NOT_FOUND" : "INTERNAL", why, { cause: error });
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
