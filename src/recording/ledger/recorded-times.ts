import { timeFault } from "../../frames/frame-times.ts";
import { MAX_LAST_TICKS, TICKS_PER_MS } from "../matroska/matroska.ts";
import type { FileHead } from "../matroska/matroska-head.ts";
import { nextTick } from "../matroska/matroska-mjpeg.ts";
import type { LedgerFrame } from "./ledger.ts";
import type { LedgerFrames } from "./ledger-frames.ts";
import type { Ledger } from "./read-ledger.ts";
import { inTurns } from "./turns.ts";
import { counted } from "./verdict.ts";

/** A summary has its times from the frames, or rounded with them, ms. */
const ROUNDING_MS = 0.11;
/** How far a duration of whole ticks may be from that of the ledger's times. */
const DURATION_ROUNDING_MS = 1;

/** Where the frames of a ledger stand in the file's time, ticks. */
export function ticksOf(frames: LedgerFrames, timeZero: number): Float64Array {
  const ticks = new Float64Array(frames.length);
  for (let [n, last] = [0, -1]; n < ticks.length; n++) {
    last = nextTick(frames.at(n)!.capturedAt, timeZero, last);
    ticks[n] = last;
  }
  return ticks;
}

/** What cannot be in the times of a recording, in words that follow "it disagrees with its ledger". */
export async function timeFaults({ frames, notes, summary }: Ledger): Promise<string[]> {
  const steps = new Set(notes.flatMap(({ note, after }) => ("clockStep" in note ? [after] : [])));
  const [back, equal, none]: [LedgerFrame[], LedgerFrame[], LedgerFrame[]] = [[], [], []];
  let before = Number.NEGATIVE_INFINITY;
  await inTurns(frames.length, (n) => {
    const capturedAt = frames.capturedAtOf(n);
    if (timeFault(capturedAt)) none.push(frames.at(n)!);
    else if (capturedAt < before && !steps.has(n)) back.push(frames.at(n)!);
    // Without a ledger, times are rounded.
    else if (capturedAt === before && frames.at(n)!.run !== "") equal.push(frames.at(n)!);
    before = capturedAt;
  });
  const faults: string[] = [];
  if (none.length > 0) faults.push(`${counted(none)} without a valid time`);
  if (back.length > 0) {
    faults.push(`${counted(back)} captured before the previous one, though no clock was set`);
  }
  if (equal.length > 0)
    faults.push(`${counted(equal)} captured at the same time as the previous one`);
  return [...faults, ...summaryFaults(frames, summary)];
}

function summaryFaults(frames: LedgerFrames, summary: Ledger["summary"]): string[] {
  const { first, last } = summary ?? {};
  const [from, to] = [frames.at(0)?.capturedAt, frames.at(-1)?.capturedAt];
  if (first === undefined || last === undefined || from === undefined || to === undefined)
    return [];
  const seconds = (last - first) / 1000;
  if (seconds < 0) return [`its summary says that it ended ${-seconds} s before it began`];
  const isFirst = Math.abs(first - from) <= ROUNDING_MS;
  const isLast = Math.abs(last - to) <= ROUNDING_MS;
  if (isFirst && isLast) return [];
  const listed = (to - from) / 1000;
  return [
    `its summary says ${seconds.toFixed(3)} s, from ${first} to ${last}, its lines ${listed.toFixed(3)} s, from ${from} to ${to}`,
  ];
}

/** What is wrong with a file's duration, if it says one. */
export function durationFault(
  { durationTicks }: Pick<FileHead, "durationTicks">,
  frames: LedgerFrames,
): string | undefined {
  if (durationTicks === undefined) return undefined;
  const spanMs = (frames.at(-1)?.capturedAt ?? 0) - (frames.at(0)?.capturedAt ?? 0);
  const durationMs = durationTicks / TICKS_PER_MS;
  const mostMs = Math.max(spanMs / Math.max(1, frames.length - 1), MAX_LAST_TICKS / TICKS_PER_MS);
  const lastMs = durationMs - spanMs; // of the last frame: nobody's to know
  if (lastMs >= -DURATION_ROUNDING_MS && lastMs <= mostMs + DURATION_ROUNDING_MS) return undefined;
  return `its duration is ${durationMs / 1000} s and its frames span ${(spanMs / 1000).toFixed(3)} s`;
}
