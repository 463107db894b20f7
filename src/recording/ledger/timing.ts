import { type Gap, LEFT_OUT } from "./ledger.ts";
import type { LedgerFrames } from "./ledger-frames.ts";
import type { Ledger } from "./read-ledger.ts";
import { inTurns, sortedInTurns } from "./turns.ts";

/** How the frames of a recording follow on each other. */
export interface Timing {
  /** Frames a second, from the first to the last; undefined with fewer than two. */
  readonly rate: number | undefined;
  /** How far intervals are from the usual one: of 99 in 100 not further; ms. */
  readonly jitterMs: number | undefined;
  readonly longestGap: Gap | undefined;
  /** Frames a second that the source was to give, if it said so. */
  readonly expectedRate: number | undefined;
  /** Exposures from the first to the last: those that were made, and those for which the times have a hole. */
  readonly exposures: number;
  /** Of these, the ones that were never made, by the rate expected, or else by the usual interval. */
  readonly neverMade: number;
}

/** From each frame of a file to the next. */
interface Intervals {
  readonly ms: Float64Array;
  /** Exposures that are known to have been made in it: the frame at its end, and those that were lost. */
  readonly made: Float64Array;
  /** 1 where the source ran all the time. */
  readonly isWhole: Uint8Array;
}

/** A frame that is late, and followed by some that are early, leaves no hole. */
const CATCHING_UP = 8;
/** A source whose rate is less than expected by no more than this has another clock, and no holes. */
const OTHER_CLOCK = 0.02;
/** Where so few intervals are known, or so many are unlike the usual one, nobody knows which were to come. */
const FEWEST = 10;
const SHORTEST_MS = 1;
const REGULAR = { share: 0.6, within: 0.3 };

/** What a ledger's times tell, beside what it says that was lost. */
export async function timingOf({
  head,
  frames,
  notes,
}: Pick<Ledger, "head" | "frames" | "notes">): Promise<Timing> {
  const intervals = await intervalsOf(frames, notes);
  const sorted = await sortedInTurns(intervals.ms);
  const usualMs = sorted[sorted.length >> 1];
  const { expectedFps: expectedRate } = head ?? {};
  const neverMade = await holesIn(intervals, sorted, expectedRate);
  let made = frames.length > 0 ? 1 : 0;
  await inTurns(intervals.made.length, (n) => {
    made += intervals.made[n]!;
  });
  return {
    ...(await pacesOf(frames)),
    jitterMs: usualMs === undefined ? undefined : round(jitterOf(sorted, usualMs), 1e3),
    expectedRate,
    exposures: made + neverMade,
    neverMade,
  };
}

/** What a summary says of the times of the frames in a file. */
export async function pacesOf(frames: LedgerFrames) {
  const spanMs = (frames.at(-1)?.capturedAt ?? 0) - (frames.at(0)?.capturedAt ?? 0);
  return { rate: rateOf(frames.length, spanMs), longestGap: await longestOf(frames) };
}

/** Frames a second; undefined where that is none. */
export function rateOf(frames: number, spanMs: number): number | undefined {
  return frames > 1 && spanMs > 0 ? round(((frames - 1) * 1000) / spanMs, 1e6) : undefined;
}

async function longestOf(frames: LedgerFrames): Promise<Gap | undefined> {
  const longest = { ms: Number.NEGATIVE_INFINITY, at: 0 };
  await inTurns(frames.length - 1, (n) => {
    const at = frames.capturedAtOf(n);
    const ms = frames.capturedAtOf(n + 1) - at;
    if (ms > longest.ms) Object.assign(longest, { ms, at });
  });
  return frames.length > 1 ? gapOf(longest.ms, longest.at) : undefined;
}

/** A gap with what times can tell: microseconds. */
export function gapOf(ms: number, at: number): Gap {
  return { ms: round(ms, 1e3), at };
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}

async function intervalsOf(frames: LedgerFrames, notes: Ledger["notes"]): Promise<Intervals> {
  const told = toldBefore(notes);
  const isLapse = notes.some(({ note }) => "dropped" in note && note.dropped.why === LEFT_OUT);
  const count = Math.max(0, frames.length - 1);
  const [ms, made] = [new Float64Array(count), new Float64Array(count)];
  const isWhole = new Uint8Array(count);
  await inTurns(count, (n) => {
    const [before, frame] = [frames.at(n)!, frames.at(n + 1)!];
    const { lost = 0, isOut = false } = told.get(`${frame.run}/${frame.index}`) ?? {};
    const indices = isLapse ? 1 : Math.max(1, frame.index - before.index);
    const isSameRun = frame.run === before.run;
    ms[n] = frame.capturedAt - before.capturedAt;
    made[n] = isSameRun ? indices + lost : 1;
    isWhole[n] = isSameRun && !isOut ? 1 : 0;
  });
  return { ms, made, isWhole };
}

/** What the source says of the time before a frame, by that frame. */
function toldBefore(notes: Ledger["notes"]): Map<string, { lost: number; isOut: boolean }> {
  const told = new Map<string, { lost: number; isOut: boolean }>();
  for (const { note } of notes) {
    if (!("source" in note)) continue;
    const { run, before, what, count } = note.source;
    const { lost = 0, isOut = false } = told.get(`${run}/${before}`) ?? {};
    told.set(`${run}/${before}`, { lost: lost + count, isOut: isOut || what === "outage" });
  }
  return told;
}

/** 99 of 100 intervals are no further from the usual one. */
function jitterOf(sorted: Float64Array, usualMs: number): number {
  const off = (n: number) => Math.abs(sorted[n]! - usualMs);
  let [low, high] = [0, sorted.length - 1];
  for (let left = sorted.length - Math.max(1, Math.ceil(sorted.length * 0.99)); left > 0; left--) {
    if (off(low) > off(high)) low += 1;
    else high -= 1;
  }
  return Math.max(off(low), off(high));
}

/** How many exposures are missing by the times alone: no other account has them. */
async function holesIn(
  { ms, made, isWhole }: Intervals,
  sorted: Float64Array,
  expectedRate: number | undefined,
): Promise<number> {
  const periodMs = expectedRate ? 1000 / expectedRate : regularPeriod(sorted);
  if (periodMs === undefined) return 0;
  const missing = new Float64Array(ms.length);
  let [holes, inAll] = [0, 0];
  await inTurns(ms.length, (n) => {
    missing[n] = isWhole[n] ? ms[n]! / periodMs - made[n]! : 0;
    inAll += missing[n]!;
  });
  await inTurns(ms.length, (n) => {
    holes += holeAt(missing, n);
  });
  if (!expectedRate) return holes;
  const isSlow = inAll > OTHER_CLOCK * missing.length;
  return Math.max(holes, isSlow ? Math.round(inAll) : 0);
}

/** How many are missing in one interval, after those that come soon after it have caught up. */
function holeAt(missing: Float64Array, at: number): number {
  if (missing[at]! <= 0.5) return 0;
  let [sum, least] = [0, Number.POSITIVE_INFINITY];
  for (const one of missing.subarray(at, at + CATCHING_UP)) {
    sum += one;
    least = Math.min(least, sum);
  }
  return Math.max(0, Math.round(least));
}

function regularPeriod(sorted: Float64Array): number | undefined {
  const usual = sorted[sorted.length >> 1];
  if (usual === undefined || usual < SHORTEST_MS || sorted.length < FEWEST) return undefined;
  const { share, within } = REGULAR;
  const like =
    countBelow(sorted, usual * (1 + within), true) - countBelow(sorted, usual * (1 - within));
  return like >= share * sorted.length ? usual : undefined;
}

/** How many of these are less than a limit, or that at most. */
function countBelow(sorted: Float64Array, limit: number, withLimit = false): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const isBelow = withLimit ? sorted[middle]! <= limit : sorted[middle]! < limit;
    if (isBelow) low = middle + 1;
    else high = middle;
  }
  return low;
}
