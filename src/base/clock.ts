/**
 * Now, in milliseconds since the Unix epoch, with microseconds after the point.
 *
 * It never steps back: it is the wall clock read once at start, carried on by the monotonic clock. Frames and
 * stage positions are stamped with this one clock, so they can be compared.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Epoch milliseconds as RFC 3339 in UTC, e.g. `2026-11-21T01:09:39.829Z`. */
export function toDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
