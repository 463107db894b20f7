import { rangesOf, rangeText } from "./frame-ranges.ts";
import { LEFT_OUT, type LedgerFrame, type LostFrames, lossIn } from "./ledger.ts";
import type { Ledger } from "./read-ledger.ts";
import { SourceTally } from "./source-tally.ts";
import type { Timing } from "./timing.ts";

/** What a recount of a recording found. */
export interface Verdict {
  /** Whether the file is closed, and agrees with its ledger to the byte. */
  readonly ok: boolean;
  /** All of it in one line. */
  readonly sentence: string;
  /** Whole frames in the file. */
  readonly frames: number;
  /** Frames that the ledger lists and the file lacks. */
  readonly missing: readonly LedgerFrame[];
  /** Frames whose bytes are not those that were recorded. */
  readonly damaged: readonly LedgerFrame[];
  /** Frames in the file that the ledger does not list. */
  readonly unlisted: number;
  /** How its frames follow on each other, by its ledger; undefined where it has none. */
  readonly timing?: Timing | undefined;
  /** Steps of the clocks that its times are from, ms each, by its ledger. */
  readonly clockSteps?: readonly number[] | undefined;
}

/** For a file that agrees with its ledger: what it has, and what its ledger says that it lacks. */
export function proof(ledger: Ledger, timing: Timing): string {
  const { frames, notes, summary, behind } = ledger;
  const seconds = ((frames.at(-1)?.capturedAt ?? 0) - (frames.at(0)?.capturedAt ?? 0)) / 1000;
  const has = `OK: ${frames.length} frames over ${seconds.toFixed(1)} s, ${summary?.ended}`;
  const missing = notes.flatMap(({ note }) => lossIn(note) ?? []);
  const leftOut = countOf(missing.filter(({ why }) => why === LEFT_OUT));
  const onPurpose = leftOut > 0 ? `; ${leftOut} left out on purpose, because ${LEFT_OUT}` : "";
  const lost = missing.filter(({ why }) => why !== LEFT_OUT);
  const never = neverMadeSentence(timing, lost.length === 0);
  const paces = pacesSentence(timing, ledger);
  const torn = behind ? `; a torn line follows its ledger's summary` : "";
  const rest = `${never}${onPurpose}${sourceSentence(notes)}${stepsSentence(notes)}${torn}${paces}`;
  if (lost.length === 0) return `${has}; none was lost${rest}`;
  const count = countOf(lost);
  const which = lost.slice(0, 5).map((one) => `${rangeText(one)} because ${one.why}`);
  const more = lost.length > 5 ? `; and more` : "";
  return `${has}; ${count} lost, according to its ledger: ${which.join("; ")}${more}${rest}`;
}

/** ms each. */
export function clockStepsIn(notes: Ledger["notes"]): number[] {
  return notes.flatMap(({ note }) => ("clockStep" in note ? [note.clockStep.byMs] : []));
}

function countOf(ranges: readonly LostFrames[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function neverMadeSentence({ neverMade, exposures, expectedRate }: Timing, isAll: boolean): string {
  if (neverMade === 0) return "";
  const by = expectedRate === undefined ? ", judging by the usual interval of its frames" : "";
  const were = neverMade === 1 ? "was" : "were";
  return `${isAll ? ", but" : ";"} ${neverMade} of ${exposures} exposures ${were} never made${by}`;
}

/** `. 27.4 frames/s of 30 expected, jitter 12.1 ms, longest gap 0.400 s after 2.3 s`. */
function pacesSentence(timing: Timing, { frames }: Ledger): string {
  const { rate, expectedRate, jitterMs, longestGap } = timing;
  const wanted = expectedRate === undefined ? "" : ` of ${shortened(expectedRate)} expected`;
  if (rate === undefined || jitterMs === undefined || !longestGap) return "";
  const after = (longestGap.at - (frames.at(0)?.capturedAt ?? 0)) / 1000;
  return `. ${shortened(rate)} frames/s${wanted}, jitter ${jitterMs.toFixed(1)} ms, longest gap ${(longestGap.ms / 1000).toFixed(3)} s after ${after.toFixed(1)} s`;
}

/** With as many digits as tell something: 29.97, 0.1. */
function shortened(rate: number): string {
  return `${Number(rate.toPrecision(4))}`;
}

/** What never was a frame: `; its source: 3 lost (the driver's frame numbers have a gap)`. */
function sourceSentence(notes: Ledger["notes"]): string {
  const tally = new SourceTally();
  for (const { note } of notes) if ("source" in note) tally.add(note.source);
  const told = tally.sums.map(({ what, count, times, ms, why }) => {
    if (what === "outage")
      return `failed ${times === 1 ? "once" : `${times} times`}, for ${(ms / 1000).toFixed(1)} s (${why})`;
    return `${count === 0 ? "some" : count} ${what} (${why})`;
  });
  return told.length === 0 ? "" : `; its source: ${told.slice(0, 5).join("; ")}`;
}

/** `; a clock was set 2 times, by -3600.0 s, 0.9 s: frame times do not step`. */
function stepsSentence(notes: Ledger["notes"]): string {
  const steps = clockStepsIn(notes);
  if (steps.length === 0) return "";
  return `; a clock was set ${stepsInWords(steps)}: frame times do not step`;
}

/** `2 times, by -3600.0 s, 0.9 s`. @param steps - ms each. */
export function stepsInWords(steps: readonly number[]): string {
  const times = steps.length === 1 ? "once" : `${steps.length} times`;
  const by = steps.slice(0, 5).map((byMs) => `${(byMs / 1000).toFixed(1)} s`);
  return `${times}, by ${by.join(", ")}${steps.length > 5 ? " and so on" : ""}`;
}

/** `6 frames (k3x9q2 frames 40 to 45)`. */
export function counted(frames: readonly LedgerFrame[]): string {
  const which = rangesOf(frames).slice(0, 5).map(rangeText).join("; ");
  return `${frames.length} ${frames.length === 1 ? "frame" : "frames"} (${which})`;
}
