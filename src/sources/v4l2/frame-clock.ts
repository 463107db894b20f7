import { now } from "../../base/clock.ts";

/** A driver's stamp that is further from its frame's arrival than this is not of the clock that it names, ms. */
const OLDEST_MS = 10_000;
/** Stamps of a frame that has just come may seem to be ahead of two clocks that are read one after the other, ms. */
const AHEAD_MS = 2;

/** What turns a time of CLOCK_MONOTONIC into one of `now()`, ms: both are that clock, counted from different moments. */
const SHIFT_MS = now() - Number(process.hrtime.bigint()) / 1e6;

/**
 * When a frame was captured, on the clock of `now()`, ms.
 *
 * @param stampNs - The kernel's time stamp of the frame.
 * @param clock - The clock that the driver says it is of.
 * @param arrivedAt - On the clock of `now()`.
 * @returns Undefined where the stamp says nothing: the driver has another clock, gives none, or one that cannot be.
 */
export function capturedAtOf(
  stampNs: number,
  clock: string,
  arrivedAt: number,
): number | undefined {
  if (clock !== "monotonic" || stampNs <= 0) return undefined;
  const at = stampNs / 1e6 + SHIFT_MS;
  const age = arrivedAt - at;
  return age >= -AHEAD_MS && age <= OLDEST_MS ? Math.min(at, arrivedAt) : undefined;
}
