import { open, readFile, rename } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { syncFolder } from "../base/sync-folder.ts";
import { rangesOf } from "./frame-ranges.ts";
import {
  frameLine,
  LEFT_OUT,
  type Ledger,
  type LedgerFrame,
  type LedgerHead,
  type LedgerNote,
  type LostFrames,
  ledgerPathOf,
  noteLine,
  type RecordingSummary,
  type SourceSum,
} from "./ledger.ts";
import type { FileHead } from "./matroska-head.ts";
import { writeAll } from "./recording-files.ts";
import { SourceTally } from "./source-tally.ts";

const CRASH = "it ended by crash";

/** What a repair found in a crashed recording, and keeps. */
export interface Kept {
  readonly head: FileHead;
  readonly ledger: Ledger | undefined;
  readonly kept: readonly LedgerFrame[];
  /** How many of them, from the first on, were in the ledger. */
  readonly listed: number;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** Ends the ledger as the file ends. @returns how many listed frames were lost. */
export async function closeLedger(path: string, found: Kept): Promise<number> {
  const { head, ledger, kept, listed } = found;
  const lost = rangesOf(ledger?.frames.slice(listed) ?? []).map((range) => ({
    ...range,
    why: CRASH,
  }));
  const end = listed > 0 ? ledger!.lineEnds[listed - 1]! : (ledger?.headEnd ?? 0);
  const late = ledger?.notes.filter((one) => one.end > end) ?? [];
  const lines = [
    ...(ledger?.head ? [] : [noteLine(headLine(path, head))]),
    ...kept.slice(listed).map(frameLine),
    ...late.map(({ note }) => noteLine(note)),
    ...lost.map((dropped) => noteLine({ dropped })),
    noteLine({ summary: summaryOf(found, lost) }),
  ];
  await replaceTail(ledgerPathOf(path), end, lines.join(""));
  return lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** Replaces what stands after `end` in a file, all at once: whoever interrupts it finds the old file or the new. */
async function replaceTail(path: string, end: number, text: string): Promise<void> {
  const before = end > 0 ? (await readFile(path)).subarray(0, end) : Buffer.alloc(0);
  const file = await open(`${path}.new`, "w");
  try {
    await writeAll(file, [before, Buffer.from(text)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
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
    first: kept[0]?.capturedAt,
    last: kept.at(-1)?.capturedAt,
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
