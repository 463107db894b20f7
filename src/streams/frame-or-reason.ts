import { abortable, isAbort } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import type { Frame } from "../frames/frame.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";
import { noFrameBecause } from "./source-state.ts";

/** How long somebody waits for a frame. */
export interface Patience {
  /** ms. */
  readonly waitMs: number;
  /** The limit while the source starts, ms: it is as long as its start takes, and ends with it. `waitMs` when absent. */
  readonly startMs?: number;
  readonly signal: AbortSignal;
}

const LOOK_MS = 100;

/**
 * What `ask` finds, or why there is nothing to be found: a source that starts, or has stalled and is open, is waited for; one that
 * fails meanwhile is told of at once, and so is one that has failed and rests before it is tried again.
 * @throws {ThingError} `NO_FRAME` with the reason, and when none came in time.
 */
export async function frameOrReason(
  stream: MJPEGStream,
  patience: Patience,
  ask: (signal: AbortSignal) => Promise<Frame>,
): Promise<Frame> {
  const { source } = stream;
  const over = new AbortController();
  const onAbort = () => over.abort(patience.signal.reason);
  patience.signal.addEventListener("abort", onAbort, { once: true });
  if (patience.signal.aborted) onAbort();
  const release = stream.demand.take();
  const endFailures = source.onFailure((reason) => over.abort(noFrameBecause(reason)));
  const endTimer = limit(stream, patience, over);
  // Demand reaches a source through those between in this tick: then it is tried, or rests.
  const look = setImmediate(() => {
    const { reason, isTrying, isOpen } = source;
    if (reason !== undefined && !isTrying && !isOpen) over.abort(noFrameBecause(reason));
  });
  try {
    return await abortable(ask(over.signal), over.signal);
  } catch (error) {
    if (patience.signal.aborted || !isAbort(error)) throw error;
    throw noFrameIn(stream, patience.waitMs);
  } finally {
    clearImmediate(look);
    endTimer();
    endFailures();
    release();
    patience.signal.removeEventListener("abort", onAbort);
  }
}

/** Ends the wait when it is over: not before the source has started, as far as `startMs` allows. */
function limit(
  { source }: MJPEGStream,
  { waitMs, startMs = waitMs }: Patience,
  over: AbortController,
): () => void {
  const latest = performance.now() + Math.max(startMs, waitMs);
  let hasStarted = true;
  const check = () => {
    const left = latest - performance.now();
    if (source.isTrying && left > 0) again(Math.min(LOOK_MS, left));
    else if (!hasStarted && left > 0) {
      hasStarted = true; // its first frame is on its way: a smaller one is made of it
      again(Math.min(waitMs, left));
    } else over.abort(new DOMException("The wait is over.", "TimeoutError"));
  };
  const again = (ms: number) => {
    timer = setTimeout(check, ms);
  };
  let timer = setTimeout(() => {
    hasStarted = !source.isTrying;
    check();
  }, waitMs);
  return () => clearTimeout(timer);
}

function noFrameIn({ source, placeholder }: MJPEGStream, waitMs: number): ThingError {
  const seconds = waitMs / 1000;
  const reason = source.reason ?? placeholder?.reason;
  const starts = ". The source is still starting: try again, or wait longer (?wait=SECONDS).";
  const why = reason
    ? `: ${reason}`
    : source.isTrying
      ? starts
      : ". Is the camera running, and does it deliver frames?";
  return new ThingError("NO_FRAME", `No frame arrived within ${seconds} s${why}`);
}
