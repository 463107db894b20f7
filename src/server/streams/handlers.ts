import type { IncomingMessage, ServerResponse } from "node:http";
import { isAbort, withDeadline } from "../../base/abort.ts";
import { now, wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import type { Frame } from "../../frames/frame.ts";
import { describeOrigin, toSeconds } from "../../frames/frame-memory.ts";
import type { FrameIdentity } from "../../frames/stored-picture.ts";
import { frameOrReason, type Patience } from "../../streams/frame-or-reason.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { queryOf, variantOf } from "../../streams/stream-request.ts";
import { VIEWER_ASSETS, viewerFile } from "../../streams/viewer-page.ts";
import { prefixOf } from "../http/origin.ts";
import { writeReply } from "../http/reply.ts";
import { JSON_TYPE } from "../http/route.ts";
import { drained, EventStreamWriter } from "../http/sse.ts";

/** What the path of a request says beside the stream. */
export interface StreamRequestDetails {
  /** The last segment of `frames/{i}`. */
  readonly index?: string | undefined;
  /** The last segment of `viewer/{asset}`. */
  readonly asset?: string | undefined;
  /** The name of the server-sent events that tell of a frame: `frame` when absent. */
  readonly event?: string | undefined;
}

/** Answers one request for a stream or what belongs to it. What it throws before writing becomes a problem. */
export type StreamHandler = (
  stream: MJPEGStream,
  request: IncomingMessage,
  response: ServerResponse,
  details?: StreamRequestDetails,
) => Promise<void>;

const FRESH_MS = 1000;
const SNAPSHOT_WAIT_S = 5;
const SNAPSHOT_START_S = 30;
const LONGEST_WAIT_S = 60;
const LONGPOLL_S = 25;

/** A handler for each path of a stream. Each answers HEAD too, at once. */
export const streamHandlers = {
  /** `{stream}`: parts until the viewer leaves or the stream stops. */
  async multipart(stream, request, response) {
    stream.mjpegStreamResponse(request, response);
  },

  /** `{stream}/viewer`: a page. */
  async viewer(stream, request, response) {
    const body = stream.viewerPage(".");
    writeReply(request, response, { status: 200, body, contentType: "text/html; charset=utf-8" });
  },

  /** `{stream}/viewer/{asset}`: what the page consists of. */
  async viewerAsset(_stream, request, response, { asset = "" } = {}) {
    const contentType = VIEWER_ASSETS.get(asset);
    if (!contentType)
      throw new ThingError("NOT_FOUND", `The viewer page has no file '${quoted(asset)}'.`);
    writeReply(request, response, { status: 200, body: viewerFile(asset), contentType });
  },

  /** `{stream}/snapshot`: the newest frame if it is fresh, else the next, or why there is none; `?fresh=1`: one captured from now on. */
  async snapshot(stream, request, response) {
    const options = variantOf(request);
    const after = flag(request, "fresh") ? now() : now() - FRESH_MS;
    const seconds = secondsOf(request);
    if (request.method === "HEAD") return writeHead(response, "image/jpeg");
    const ask = (signal: AbortSignal) => stream.capturedAfter(after, signal);
    const frame = await frameOrReason(stream, patienceOf(seconds, goneSignal(response)), ask);
    writeFrame(request, response, await stream.sized(frame, options));
  },

  /** `{stream}/next`: long polling for the next frame; 204 when none came in 25 s. */
  async next(stream, request, response) {
    const { fps, ...size } = variantOf(request);
    const feed = fps === undefined ? stream : stream.watchedVariant({ fps });
    const seconds = secondsOf(request) ?? LONGPOLL_S;
    if (request.method === "HEAD") return writeHead(response, "image/jpeg");
    const ask = (signal: AbortSignal) => feed.grab(signal);
    const frame = await wait(stream, goneSignal(response), seconds, ask).catch(ignoreNoFrame);
    if (frame) writeFrame(request, response, await stream.sized(frame, size));
    else writeReply(request, response, { status: 204 });
  },

  /** `{stream}/frames`: what the ring holds. */
  async frames(stream, request, response) {
    const path = prefixOf(request) + (request.url ?? "").split("?")[0];
    const frames = stream.heldIdentities.map((frame) => ({
      ...frame,
      capturedAt: wallTime(frame.capturedAt),
      href: `${path}/${frame.index}`,
    }));
    writeReply(request, response, { status: 200, body: { run: stream.run, frames } });
  },

  /** `{stream}/frames/{i}`: one of them; `?wait=` seconds for one still to come, `?run=` to be sure whose it is. */
  async frame(stream, request, response, { index: text = "" } = {}) {
    const index = indexOf(text);
    const seconds = secondsOf(request) ?? 0;
    assertRun(stream, index, queryOf(request).get("run") ?? stream.run);
    const isToCome = index > stream.lastFrameIndex && request.method !== "HEAD";
    if (isToCome && seconds > 0) {
      await wait(stream, goneSignal(response), seconds, (signal) =>
        stream.frameAt(index, signal),
      ).catch(
        ignoreNoFrame, // the next line says it better
      );
    }
    writeFrame(request, response, stream.heldFrame(index));
  },

  /** `{stream}/next_frame_size`: bytes of the next frame to arrive, as a JSON number. */
  async nextFrameSize(stream, request, response) {
    const seconds = secondsOf(request) ?? LONGPOLL_S;
    if (request.method === "HEAD") return writeHead(response, JSON_TYPE);
    const frame = await wait(stream, goneSignal(response), seconds, (signal) =>
      stream.nextIdentity(signal),
    );
    const headers = identityHeaders(frame);
    writeReply(request, response, { status: 200, body: frame.size, headers });
  },

  /** `{stream}/sizes`: each frame's identity, time and size, from `Last-Event-ID` or `?after=` or now on. */
  async sizes(stream, request, response, { event = "frame" } = {}) {
    const asked = request.headers["last-event-id"] ?? queryOf(request).get("after");
    const after = asked ? placeOf(String(asked)) : undefined;
    if (request.method === "HEAD") return writeHead(response, "text/event-stream");
    const gone = goneSignal(response);
    const entries = stream.everySize({ after, signal: gone });
    const writer = new EventStreamWriter(response);
    for await (const entry of entries) {
      if ("kind" in entry) writer.send(entry.kind, entry);
      else {
        const told = { ...entry, capturedAt: wallTime(entry.capturedAt) };
        writer.send(event, told, `${entry.run}:${entry.index}`);
      }
      if (response.writableNeedDrain && !(await drained(response, gone))) return;
    }
    response.end();
  },
} satisfies Record<string, StreamHandler>;

/**
 * What a snapshot shows: the newest frame if it is under 1 s old, else the next.
 * @throws {ThingError} `NO_FRAME` at once when the source fails, or after 5 s, or 30 s while the source starts; `STREAM_STOPPED`.
 */
export function newestFrame(stream: MJPEGStream, gone: AbortSignal): Promise<Frame> {
  const after = now() - FRESH_MS;
  return frameOrReason(stream, patienceOf(undefined, gone), (signal) =>
    stream.capturedAfter(after, signal),
  );
}

/** Who does not say how long waits for a source to start. */
function patienceOf(seconds: number | undefined, signal: AbortSignal): Patience {
  const startMs = seconds === undefined ? 1000 * SNAPSHOT_START_S : 0;
  return { waitMs: 1000 * (seconds ?? SNAPSHOT_WAIT_S), startMs, signal };
}

/** What `ask` finds. @throws {ThingError} `NO_FRAME` when it finds nothing in time. */
async function wait<T>(
  stream: MJPEGStream,
  gone: AbortSignal,
  seconds: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const release = stream.demand.take();
  try {
    return await withDeadline(seconds * 1000, gone, ask);
  } catch (error) {
    throw isAbort(error) ? noFrame(stream, seconds) : error;
  } finally {
    release();
  }
}

function ignoreNoFrame(error: unknown): undefined {
  if (error instanceof ThingError && error.code === "NO_FRAME") return undefined;
  throw error;
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once("close", () => gone.abort());
  return gone.signal;
}

/** The answer to HEAD, where the length of the body is not known yet. */
function writeHead(response: ServerResponse, contentType: string): void {
  response.writeHead(200, { "Content-Type": contentType, "Cache-Control": "no-store" });
  response.end();
}

function writeFrame(request: IncomingMessage, response: ServerResponse, frame: Frame): void {
  const headers = identityHeaders(frame);
  writeReply(request, response, {
    status: 200,
    body: frame.jpeg,
    contentType: "image/jpeg",
    headers,
  });
}

function identityHeaders({
  run,
  index,
  capturedAt,
  origin,
}: FrameIdentity): Record<string, string> {
  return {
    "X-Frame-Index": String(index),
    "X-Stream-Run": run,
    "X-Timestamp": toSeconds(wallTime(capturedAt)),
    "X-Frame-Age": ((now() - capturedAt) / 1000).toFixed(3),
    ...(origin && { "X-Origin": describeOrigin(origin) }),
  };
}

function noFrame(stream: MJPEGStream, seconds: number): ThingError {
  const reason = stream.placeholder?.reason;
  const why = reason ? `: ${reason}` : ". Is the camera running, and does it deliver frames?";
  return new ThingError("NO_FRAME", `No frame came within ${seconds} s${why}`);
}

function assertRun(stream: MJPEGStream, index: number, run: string): void {
  if (run === stream.run) return;
  throw new ThingError(
    "FRAME_NOT_HELD",
    `Frame ${index} of run ${run} is not held: run ${stream.run} is on now.`,
  );
}

function flag(request: IncomingMessage, name: string): boolean {
  const value = queryOf(request).get(name);
  if (value === null || value === "0" || value === "false") return false;
  if (value === "" || value === "1" || value === "true") return true;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${name}' is ${JSON.stringify(quoted(value))}, but it is 1 or 0.`,
  );
}

function secondsOf(request: IncomingMessage): number | undefined {
  const text = queryOf(request).get("wait");
  if (text === null) return undefined;
  const seconds = text.trim() ? Number(text) : Number.NaN;
  if (seconds >= 0 && seconds <= LONGEST_WAIT_S) return seconds;
  throw new ThingError("BAD_ARGUMENT", `'wait' must be seconds, from 0 to ${LONGEST_WAIT_S}.`);
}

function indexOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(quoted(text));
  throw new ThingError("BAD_ARGUMENT", `A frame's index is a whole number from 0, not ${shown}.`);
}

function placeOf(text: string): { run: string; index: number } {
  const [, run, index] = /^([0-9a-z]{1,32}):(\d{1,15})$/.exec(text) ?? [];
  if (run && index) return { run, index: Number(index) };
  const shown = JSON.stringify(quoted(text));
  throw new ThingError(
    "BAD_ARGUMENT",
    `${shown} names no frame: it must be a run and an index, e.g. k3x9q2:7.`,
  );
}
