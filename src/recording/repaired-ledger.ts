import { basename } from "node:path";
import { rangesOf } from "./frame-ranges.ts";
import {
  LEFT_OUT,
  type LedgerFrame,
  type LedgerHead,
  type LedgerNote,
  type LostFrames,
  ledgerPathOf,
  type RecordingSummary,
  type SourceSum,
} from "./ledger.ts";
import type { LedgerFrames } from "./ledger-frames.ts";
import type { FileHead } from "./matroska-head.ts";
import type { Ledger } from "./read-ledger.ts";
import { SourceTally } from "./source-tally.ts";
import { pacesOf } from "./timing.ts";
import { writeLedger } from "./write-ledger.ts";

const CRASH = "it ended by crash";

/** What a repair found in a crashed recording, and keeps. */
export interface Kept {
  readonly head: FileHead;
  readonly ledger: Ledger | undefined;
  readonly kept: LedgerFrames;
  /** How many of them, from the first on, were in the ledger. */
  readonly listed: number;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** Ends the ledger as the file ends. @returns how many listed frames were lost. */
export async function closeLedger(path: string, found: Kept): Promise<number> {
  const { head, ledger, kept, listed } = found;
  const lost = rangesOf(framesFrom(ledger, listed)).map((range) => ({ ...range, why: CRASH }));
  const notes = [
    ...(ledger?.notes ?? []),
    ...lost.map((dropped) => ({ note: { dropped }, after: kept.length })),
  ];
  await writeLedger(ledgerPathOf(path), {
    head: ledger?.head ?? headLine(path, head),
    frames: kept,
    notes,
    summary: summaryOf(found, lost),
  });
  return lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function* framesFrom(ledger: Ledger | undefined, first: number): Generator<LedgerFrame> {
  for (let n = first; n < (ledger?.frames.length ?? 0); n++) yield ledger!.frames.at(n)!;
}

/** What can be said of a recording by those who were not there. */
function summaryOf({ ledger, kept, bytes }: Kept, lost: readonly LostFrames[]): RecordingSummary {
  const notes = ledger?.notes.map(({ note }) => note) ?? [];
  const before = notes.flatMap((note) => ("dropped" in note ? [note.dropped] : []));
  const dropped: Record<string, number> = {};
  let leftOut = 0;
  for (const { from, to, why } of [...before, ...lost]) {
    if (why === LEFT_OUT) leftOut += to - from + 1;
    else dropped[why] = (dropped[why] ?? 0) + to - from + 1;
  }
  const count = Object.values(dropped).reduce((sum, one) => sum + one, leftOut);
  return {
    ended: CRASH,
    captured: kept.length + count,
    written: kept.length,
    dropped,
    ...(leftOut > 0 && { leftOut }),
    refused: 0,
    clockSteps: notes.flatMap((note) => ("clockStep" in note ? [note.clockStep.byMs] : [])),
    source: sourceSums(notes),
    newRuns: notes.filter((note) => "run" in note).length,
    first: kept.at(0)?.capturedAt,
    last: kept.at(-1)?.capturedAt,
    ...pacesOf(kept),
    bytes,
  };
}

function sourceSums(notes: readonly LedgerNote[]): SourceSum[] {
  const tally = new SourceTally();
  for (const note of notes) if ("source" in note) tally.add(note.source);
  return tally.sums;
}

function headLine(path: string, { info }: FileHead): LedgerHead {
  const { CAMERA: camera = "", REASON: reason = "" } = info.tags;
  const { timeZero, software } = info;
  return { ledger: 1, file: basename(path), camera, reason, timeZero, software };
}
