import { delay, isAbort, now } from "thingscope";

/**
 * The times at which an exposure ends, epoch ms, each as it comes: on a grid of `rateHz`, whatever the reader
 * does in between. Times that pass meanwhile are left out. Ends when `signal` aborts.
 */
export async function* ticks(rateHz: () => number, signal: AbortSignal): AsyncGenerator<number> {
  try {
    for (let tick = now(); !signal.aborted; tick = following(tick, 1000 / rateHz())) {
      for (let left = tick - now(); left > 0; left = tick - now()) await delay(left, signal);
      yield tick;
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}

function following(tick: number, periodMs: number): number {
  const late = Math.floor((now() - tick) / periodMs);
  return tick + Math.max(1, late) * periodMs;
}
