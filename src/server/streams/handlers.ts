import { isAbort, withDeadline } from "../../base/abort.ts";
import { now, wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import type { Frame } from "../../frames/frame.ts";
import { describeOrigin, toSeconds } from "../../frames/frame-memory.ts";
import type { FrameIdentity } from "../../frames/stored-picture.ts";
import { frameOrReason, type Patience } from "../../streams/frame-or-reason.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { variantOf } from "../../streams/stream-request.ts";
import { prefixOf } from "../http/origin.ts";
import { type Exchange, JSON_TYPE, type Reply } from "../http/route.ts";
import { waitIn } from "../http/target.ts";
import { flag } from "./query.ts";

const FRESH_MS = 1000;
const SNAPSHOT_WAIT_S = 5;
const SNAPSHOT_START_S = 30;
const LONGEST_WAIT_S = 60;
const LONGPOLL_S = 25;
const JPEG = "image/jpeg";

/** `{stream}/snapshot`: the newest frame if it is fresh, else the next, or why there is none; `?fresh=1`: one captured from now on. */
export async function snapshot(
  stream: MJPEGStream,
  { request, query, signal }: Exchange,
): Promise<Reply> {
  const options = variantOf(request);
  const after = flag(query, "fresh") ? now() : now() - FRESH_MS;
  const seconds = waitIn(query, LONGEST_WAIT_S);
  if (request.method === "HEAD") return { status: 200, contentType: JPEG };
  const ask = (either: AbortSignal) => stream.capturedAfter(after, either);
  const frame = await frameOrReason(stream, patienceOf(seconds, signal), ask);
  return replyWith(await stream.sized(frame, options));
}

/** `{stream}/next`: long polling for the next frame; 204 when none came in 25 s. */
export async function next(
  stream: MJPEGStream,
  { request, query, signal }: Exchange,
): Promise<Reply> {
  const { fps, ...size } = variantOf(request);
  const feed = fps === undefined ? stream : stream.watchedVariant({ fps });
  const seconds = waitIn(query, LONGEST_WAIT_S) ?? LONGPOLL_S;
  if (request.method === "HEAD") return { status: 200, contentType: JPEG };
  const ask = (either: AbortSignal) => feed.grab(either);
  const frame = await wait(stream, signal, seconds, ask).catch(ignoreNoFrame);
  return frame ? replyWith(await stream.sized(frame, size)) : { status: 204 };
}

/** `{stream}/frames`: what the ring holds. */
export async function frames(stream: MJPEGStream, { request }: Exchange): Promise<Reply> {
  const path = prefixOf(request) + (request.url ?? "").split("?")[0];
  const held = stream.heldIdentities.map((frame) => ({
    ...frame,
    capturedAt: wallTime(frame.capturedAt),
    href: `${path}/${frame.index}`,
  }));
  return { status: 200, body: { run: stream.run, frames: held } };
}

/** `{stream}/frames/{i}`: one of them; `?wait=` seconds for one still to come, `?run=` to be sure whose it is. */
export async function frame(
  stream: MJPEGStream,
  { request, query, params, signal }: Exchange,
): Promise<Reply> {
  const index = indexOf(params.index ?? "");
  const seconds = waitIn(query, LONGEST_WAIT_S) ?? 0;
  assertRun(stream, index, query.get("run") ?? stream.run);
  const isToCome = index > stream.lastFrameIndex && request.method !== "HEAD";
  if (isToCome && seconds > 0) {
    const ask = (either: AbortSignal) => stream.frameAt(index, either);
    await wait(stream, signal, seconds, ask).catch(ignoreNoFrame); // the next line says it better
  }
  return replyWith(stream.heldFrame(index));
}

/** `{stream}/next_frame_size`: bytes of the next frame to arrive, as a JSON number. */
export async function nextFrameSize(
  stream: MJPEGStream,
  { request, query, signal }: Exchange,
): Promise<Reply> {
  const seconds = waitIn(query, LONGEST_WAIT_S) ?? LONGPOLL_S;
  if (request.method === "HEAD") return { status: 200, contentType: JSON_TYPE };
  const ask = (either: AbortSignal) => stream.nextIdentity(either);
  const identity = await wait(stream, signal, seconds, ask);
  return { status: 200, body: identity.size, headers: identityHeaders(identity) };
}

/**
 * `{stream}_frame`: what a snapshot shows, in base64.
 * @throws {ThingError} `NO_FRAME` at once when the source fails, or after 5 s, or 30 s while the source starts; `STREAM_STOPPED`.
 */
export async function frameAsText(
  stream: MJPEGStream,
  { request, signal }: Exchange,
): Promise<Reply> {
  if (request.method === "HEAD") return { status: 200 }; // waits for no frame
  const after = now() - FRESH_MS;
  const ask = (either: AbortSignal) => stream.capturedAfter(after, either);
  const { jpeg } = await frameOrReason(stream, patienceOf(undefined, signal), ask);
  return { status: 200, body: Buffer.from(jpeg).toString("base64") };
}

/** A client that does not say how long waits for a source to start. */
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

function replyWith(frame: Frame): Reply {
  return { status: 200, body: frame.jpeg, contentType: JPEG, headers: identityHeaders(frame) };
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
  return new ThingError("NO_FRAME", `No frame arrived within ${seconds} s${why}`);
}

function assertRun(stream: MJPEGStream, index: number, run: string): void {
  if (run === stream.run) return;
  throw new ThingError(
    "FRAME_NOT_HELD",
    `Frame ${index} of run ${run} is not held: the current run is ${stream.run}.`,
  );
}

function indexOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(quoted(text));
  throw new ThingError("BAD_ARGUMENT", `A frame's index must be an integer from 0, not ${shown}.`);
}
