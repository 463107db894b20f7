import { bytesText, spanText } from "../recordings/words.ts";

/** How much more can be recorded. */
export interface DiskLeft {
  /** Bytes. */
  readonly bytes: number;
  /** Seconds at the rate of what is recorded now, or was last; undefined where nothing was. */
  readonly seconds: number | undefined;
  readonly text: string;
  readonly isLow: boolean;
}

const LOW_BYTES = 1e9;
const LOW_SECONDS = 600;
/** What is shorter than this says little of the rate. */
const TELLING_SECONDS = 1;

/**
 * What a Recorder may still write.
 * @param disk - Its property `disk`.
 * @param files - What is recorded now, or was before, newest first: with `size` and `duration`.
 */
export function diskLeft(disk: unknown, files: readonly unknown[]): DiskLeft | undefined {
  const { free, total, reserve = 0, quota, recordings = 0 } = Object(disk);
  if (typeof free !== "number" || !(total > 0)) return undefined;
  const ofQuota = typeof quota === "number" ? quota - recordings : Number.POSITIVE_INFINITY;
  const bytes = Math.max(0, Math.min(free - reserve, ofQuota));
  const rate = files.map(rateOf).find((one) => one !== undefined);
  const seconds = rate === undefined ? undefined : bytes / rate;
  const time = seconds === undefined ? "" : `${spanText(seconds)}, `;
  const isLow = bytes < LOW_BYTES || (seconds ?? Number.POSITIVE_INFINITY) < LOW_SECONDS;
  const text = bytes === 0 ? "No room left" : `${time}${bytesText(bytes)}`;
  return { bytes, seconds, text, isLow };
}

function rateOf(file: unknown): number | undefined {
  const { size, duration } = Object(file);
  return size > 0 && duration >= TELLING_SECONDS ? size / duration : undefined;
}
