import type { FileHandle } from "node:fs/promises";
import { TOLERANCE_MS, type VideoFormat } from "../ledger/video-format.ts";
import { TICKS_PER_MS } from "../matroska/matroska.ts";
import { headOf, scan } from "../matroska/scan.ts";
import type { Pace } from "../matroska/track-rate.ts";
import { probedTimes } from "../read/probe.ts";

/** How an export compares with its recording. */
export interface Comparison {
  readonly frames: number;
  readonly largestErrorMs: number;
  /** What is wrong with it, if anything. */
  readonly faults: string | undefined;
  /** How far its frames are apart, if there are two. */
  readonly pace: Pace | undefined;
}

/** Counts the frames of an export with ffprobe, and compares the time of each with the recording's. */
export async function exportFaults(
  recording: FileHandle,
  path: string,
  { format, keepStart = false }: { format: VideoFormat; keepStart?: boolean | undefined },
): Promise<Comparison> {
  const [wanted, found] = await Promise.all([timesOf(recording), probedTimes(path)]);
  const zero = keepStart ? 0 : (wanted[0] ?? 0);
  const errors = wanted.map((time, n) => Math.abs(time - zero - (found[n] ?? Number.NaN)));
  const largestErrorMs = errors.reduce((largest, error) => Math.max(largest, error), 0);
  const compared = { frames: found.length, largestErrorMs, pace: paceOf(found) };
  if (found.length !== wanted.length) {
    return { ...compared, faults: `has ${found.length} of ${wanted.length} frames` };
  }
  const isLate = !(largestErrorMs <= TOLERANCE_MS[format] + 0.001);
  const faults = isLate ? `has a frame ${largestErrorMs.toFixed(3)} ms off its time` : undefined;
  return { ...compared, faults };
}

/** Players count `duration * rate` frames: the last one lasts as long as the others on average. */
function paceOf(times: readonly number[]): Pace | undefined {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  if (times.length < 2 || last <= first) return undefined;
  const periodMs = (last - first) / (times.length - 1);
  return { periodMs, durationMs: last - first + periodMs };
}

/** ms from the file's time 0. */
async function timesOf(recording: FileHandle): Promise<number[]> {
  const { clustersAt } = await headOf(recording);
  const times: number[] = [];
  for await (const part of scan(recording, clustersAt)) {
    if (part.kind === "block") times.push(part.tick / TICKS_PER_MS);
  }
  return times;
}
