import { now } from "../base/clock.ts";
import type { FrameLog } from "./frame-log.ts";

/** How the frames of a stream come. */
export interface FrameRates {
  /** Since the newest frame was captured, ms; infinite without one. */
  readonly ageMs: number;
  /** Mean time between frames over the last 5 s, or between the last two when they are slower; undefined before the second. */
  readonly periodMs: number | undefined;
  /** Frames a second; it falls as soon as the source would count as stalled. */
  readonly rate: number;
  /** Mean absolute deviation of the times between frames from their mean, ms; undefined before the third frame of a run. */
  readonly jitterMs: number | undefined;
  /** Bytes of pictures a second. */
  readonly bytesPerSecond: number;
}

const WINDOW_MS = 5000;
/** A source is stalled after five periods, and a second at least: a network camera's newest frame may well be older than a period. */
const STALLED = { periods: 5, leastMs: 1000 };

/** Measured from the log that every stream keeps: nothing is counted for it when a frame comes. */
export function frameRates(log: FrameLog, at = now()): FrameRates {
  const newest = log.at(log.end - 1);
  if (!newest) return { ageMs: Number.POSITIVE_INFINITY, ...NO_RATES };
  const ageMs = at - newest.capturedAt;
  const first = firstOfWindow(log, at);
  const count = log.end - 1 - first;
  const oldest = log.at(first);
  if (count === 0 || !oldest) return { ageMs, ...NO_RATES };
  const periodMs = (newest.capturedAt - oldest.capturedAt) / count;
  const isStalled = ageMs >= Math.max(STALLED.periods * periodMs, STALLED.leastMs);
  const rate = 1000 / Math.max(isStalled ? ageMs : periodMs, 1);
  return { ageMs, periodMs, rate, ...jitterAndSize(log, first, rate) };
}

const NO_RATES = { periodMs: undefined, rate: 0, jitterMs: undefined, bytesPerSecond: 0 };

/** The position of the oldest frame that counts: the one before the newest at least. */
function firstOfWindow(log: FrameLog, at: number): number {
  let first = log.end - 1;
  for (let n = log.end - 2; n >= log.begin; n--) {
    const entry = log.at(n);
    if (!entry || (first < log.end - 1 && entry.capturedAt < at - WINDOW_MS)) break;
    first = n;
  }
  return first;
}

/** The time over which a source was gone is no interval of it. */
function jitterAndSize(
  log: FrameLog,
  first: number,
  rate: number,
): Pick<FrameRates, "jitterMs" | "bytesPerSecond"> {
  const intervals: number[] = [];
  let bytes = 0;
  for (let n = first + 1; n < log.end; n++) {
    const [before, entry] = [log.at(n - 1), log.at(n)];
    if (!before || !entry) continue;
    bytes += entry.size;
    if (before.run === entry.run) intervals.push(entry.capturedAt - before.capturedAt);
  }
  const mean = meanOf(intervals);
  const deviations = intervals.map((interval) => Math.abs(interval - mean));
  return {
    jitterMs: intervals.length < 2 ? undefined : meanOf(deviations),
    bytesPerSecond: (bytes / (log.end - 1 - first)) * rate,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
