import { wallClock } from "./wall-clock.ts";

/**
 * Now, in milliseconds, with microseconds after the point: what frames, stage positions and invocations are stamped with,
 * and what ages, timeouts and rates are measured by.
 *
 * It never steps: it is the wall clock as it was when the process began, carried on by the monotonic clock. So two of its
 * times can be compared and subtracted, whatever is done to the wall clock. For people and other programs it becomes the time
 * of day with `wallTime`.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * A time of `now()` as milliseconds since the Unix epoch by the wall clock, as that is set now: when it is put right, as on
 * a machine that gets the time by NTP after it has started, so are times from before.
 */
export function wallTime(at: number = now()): number {
  return at + wallClock.shiftMs;
}

/** The other way round: milliseconds since the Unix epoch, from a client or a file, as a time of `now()`. */
export function steadyTime(epochMs: number): number {
  return epochMs - wallClock.shiftMs;
}

/** Epoch milliseconds as RFC 3339 in UTC, e.g. `2026-11-21T01:09:39.829Z`. Of a time of `now()`, give its `wallTime`. */
export function toDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
