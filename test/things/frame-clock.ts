import type { Camera } from "thingscope";

/** Between two frames of a simulated camera, ms. */
const PERIOD_MS = 1000 / 30;

const cameras = new Set<Camera>();
const realNow = performance.now.bind(performance);
let time = realNow();
let last = time;

/**
 * From now on the clock of this process waits for this camera's frames: while it is watched and its next frame is late, the
 * clock stands still. So what is simulated on a busy machine is what it is on one that does nothing else: no frame is left
 * out, however long each takes to make. Limits are kept by timers, which go on. @returns how to end that.
 */
export function waitForFramesOf(camera: Camera): () => void {
  cameras.add(camera);
  performance.now = waitingNow;
  return () => cameras.delete(camera);
}

function waitingNow(): number {
  const passed = realNow() - last;
  last += passed;
  const latest = Math.min(...[...cameras].map(nextFrameAt));
  time = Math.max(time, Math.min(time + passed, latest));
  return time;
}

/** When the next frame is late, by `performance.now()`; never while nobody watches, or none has come. */
function nextFrameAt({ mjpeg_stream: { demand, newest, source } }: Camera): number {
  if (demand.count === 0 || !newest || source.state !== "streaming")
    return Number.POSITIVE_INFINITY;
  return newest.capturedAt - performance.timeOrigin + 1.2 * PERIOD_MS;
}
