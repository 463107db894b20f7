import { basename } from "node:path";
import { rangesOf } from "../ledger/frame-ranges.ts";
import {
  DAMAGE,
  LEFT_OUT,
  type LedgerFrame,
  type LedgerHead,
  type LedgerNote,
  type LostFrames,
  lossIn,
  type RecordingSummary,
  type SourceSum,
} from "../ledger/ledger.ts";
import { isTornNote } from "../ledger/ledger-end.ts";
import type { LedgerFrames } from "../ledger/ledger-frames.ts";
import type { Junk, Ledger, PlacedNote } from "../ledger/read-ledger.ts";
import { SourceTally } from "../ledger/source-tally.ts";
import { noteStep } from "../ledger/tally.ts";
import { pacesOf } from "../ledger/timing.ts";
import type { FileHead } from "../matroska/matroska-head.ts";
import type { Survey } from "../survey/surveyed.ts";
import { identifyRecovered } from "./recovered-identities.ts";
import type { ClosedLedger } from "./write-ledger.ts";

const CRASH = "it ended by crash";
const ELSEWHERE = "it is not where its line says: the line or the frame is damaged";

/** What a repair goes by. */
interface Found {
  readonly path: string;
  /** Undefined where the ledger alone says what the file is. */
  readonly head: FileHead | undefined;
  readonly ledger: Ledger | undefined;
  readonly survey: Survey;
  /** Whether the file was closed before. */
  readonly wasClosed: boolean;
  /** Where its frames end now. */
  readonly end: number;
  /** Bytes of the file now. */
  readonly bytes: number;
}

/** A ledger as it is after a repair, and what that adds to its losses. */
interface RepairedLedger {
  readonly closed: ClosedLedger;
  readonly lost: readonly LostFrames[];
}

/** What the ledger says once a file is repaired: which frames are in it, and of the others why not. */
export async function repairedLedger(found: Found): Promise<RepairedLedger> {
  const { path, head, ledger, survey } = found;
  const { kept, unlisted } = survey;
  const losses = lossesOf(found);
  const before = ledger?.notes ?? [];
  const known = losses.flatMap(({ note }) => lossIn(note) ?? []);
  const isComplete = (ledger?.damaged.length ?? 0) === 0 && unlisted.length === 0;
  const notes = before.map(({ note }) => note);
  const untold = isComplete ? [] : await identifyRecovered(kept, unlisted, notes, known);
  const all: PlacedNote[] = [
    ...before.map(({ note, after }) => ({ note, after: newPlace(ledger!.frames, kept, after) })),
    ...losses,
    ...untold.map((dropped) => ({ note: { dropped }, after: kept.length })),
    ...(ledger?.damaged ?? []).map(({ text, bytes, after }) => {
      const damagedLines = { bytes, text, why: "they cannot be read" };
      return { note: { damagedLines }, after: newPlace(ledger!.frames, kept, after) };
    }),
    ...junkBehind(ledger).map(({ text, bytes }) => {
      const damagedLines = { bytes, text, why: "they follow the summary and are not ledger lines" };
      return { note: { damagedLines }, after: kept.length };
    }),
  ].sort((one, other) => one.after - other.after);
  const lost = [...known, ...untold];
  const summary = await summaryOf(
    found,
    all.map(({ note }) => note),
  );
  return {
    closed: { head: ledger?.head ?? headLine(path, head!), frames: kept, notes: all, summary },
    lost,
  };
}

/** What stands behind a ledger's summary, unless it is what a power cut has left of a note that is written anew. */
export function junkBehind(ledger: Ledger | undefined): Junk[] {
  const behind = ledger?.behind;
  return behind && !isTornNote(behind.text, behind.bytes) ? [behind] : [];
}

/** What is lost, and where in the ledger that is said. */
function lossesOf({ survey, wasClosed, end }: Found): PlacedNote[] {
  const { kept, damage, missing } = survey;
  const notes: PlacedNote[] = [];
  const late: LedgerFrame[] = [];
  for (const { at, end: to, why, frames } of damage) {
    if (at >= end) {
      if (wasClosed) notes.push(...dropped(frames, why, kept.length));
      else late.push(...frames);
      continue;
    }
    const place = { at, bytes: to - at, why };
    const ranges = rangesOf(frames);
    const after = countUpTo(kept, at);
    for (const range of ranges) notes.push({ note: { damaged: { ...range, ...place } }, after });
    if (ranges.length === 0) notes.push({ note: { damaged: place }, after });
  }
  const cutOff = missing.filter(({ offset }) => offset >= end);
  const elsewhere = missing.filter(({ offset }) => offset < end);
  const why = wasClosed ? DAMAGE.cutOff : CRASH;
  return [
    ...notes,
    ...dropped(elsewhere, ELSEWHERE, kept.length),
    ...dropped(
      [...late, ...cutOff].sort((one, other) => one.offset - other.offset),
      why,
      kept.length,
    ),
  ];
}

function dropped(frames: readonly LedgerFrame[], why: string, after: number): PlacedNote[] {
  return rangesOf(frames).map((range) => ({ note: { dropped: { ...range, why } }, after }));
}

/** Behind how many of the frames that are left a line stands that stood behind `after` of those before. */
function newPlace(before: LedgerFrames, kept: LedgerFrames, after: number): number {
  if (before.length === kept.length) return after;
  return after === 0 ? 0 : countUpTo(kept, before.offsetAt(after - 1));
}

/** How many frames stand before a place of the file, or at it. */
function countUpTo(frames: LedgerFrames, offset: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames.offsetAt(middle) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What can be said of a recording by those who were not there. */
async function summaryOf(
  { ledger, survey, bytes }: Found,
  notes: readonly LedgerNote[],
): Promise<RecordingSummary> {
  const { kept } = survey;
  const before = ledger?.summary;
  const dropped: Record<string, number> = {};
  let leftOut = 0;
  for (const { from, to, why } of notes.flatMap((note) => lossIn(note) ?? [])) {
    if (why === LEFT_OUT) leftOut += to - from + 1;
    else dropped[why] = (dropped[why] ?? 0) + to - from + 1;
  }
  const count = Object.values(dropped).reduce((sum, one) => sum + one, leftOut);
  return {
    ended: before?.ended ?? CRASH,
    captured: kept.length + count,
    written: kept.length,
    dropped,
    ...(leftOut > 0 && { leftOut }),
    refused: before?.refused ?? 0,
    clockSteps: stepsIn(notes),
    source: sourceSums(notes),
    newRuns: notes.filter((note) => "run" in note).length,
    first: kept.at(0)?.capturedAt,
    last: kept.at(-1)?.capturedAt,
    ...(await pacesOf(kept)),
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

function stepsIn(notes: readonly LedgerNote[]): number[] {
  const steps: number[] = [];
  for (const note of notes) if ("clockStep" in note) noteStep(steps, note.clockStep.byMs);
  return steps;
}
