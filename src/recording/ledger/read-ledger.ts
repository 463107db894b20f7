import type { FileHandle } from "node:fs/promises";
import { ignoreMissing, ThingError } from "../../base/errors.ts";
import { openRegular } from "../../base/regular-file.ts";
import {
  LEDGER_FORMAT,
  type LedgerHead,
  type LedgerNote,
  type RecordingSummary,
} from "./ledger.ts";
import { LedgerFrames } from "./ledger-frames.ts";
import { linesOf } from "./ledger-lines.ts";
import { type LedgerLine, parseLine } from "./ledger-parse.ts";

/** A ledger that was read. */
export interface Ledger {
  readonly head: LedgerHead | undefined;
  readonly frames: LedgerFrames;
  readonly notes: readonly PlacedNote[];
  readonly summary: RecordingSummary | undefined;
  /** Lines between whole ones that cannot be read. */
  readonly damaged: readonly PlacedDamage[];
  /** What stands behind the summary and is no line. */
  readonly behind?: Junk | undefined;
}

/** Bytes that are no line, and how they begin. */
export interface Junk {
  readonly text: string;
  readonly bytes: number;
}

/** A line that is no frame's, and how many frames' lines stand before it. */
export interface PlacedNote {
  readonly note: LedgerNote;
  readonly after: number;
}

/** Bytes that are no line, and how many frames' lines stand before them. */
interface PlacedDamage {
  readonly text: string;
  readonly bytes: number;
  readonly after: number;
}

/**
 * Reads a ledger; undefined when there is none. A torn end is left out, and damaged lines are told. A day's lines are read a few
 * thousand in each turn of the event loop.
 * @throws {ThingError} `BAD_RECORDING` when a later version has written it, in a format that this one does not know.
 */
export async function readLedger(path: string): Promise<Ledger | undefined> {
  const lines = ledgerLines(path);
  const frames = new LedgerFrames();
  const notes: PlacedNote[] = [];
  const damaged: PlacedDamage[] = [];
  let [head, summary, behind]: [LedgerHead?, RecordingSummary?, Junk?] = [];
  let isThere = false;
  for await (const some of lines) {
    isThere = true;
    for (const line of some) {
      if (line.kind === "frame") frames.push(line.frame);
      else if (line.kind === "note") notes.push({ note: line.note, after: frames.length });
      else if (line.kind === "head") head = line.head;
      else if (line.kind === "summary") summary = line.summary;
      else if (summary) behind = joined(behind, line);
      else if (line.kind === "damaged") {
        damaged.push({ text: line.text, bytes: line.bytes, after: frames.length });
      }
    }
  }
  return isThere ? { head, frames, notes, summary, damaged, behind } : undefined;
}

/**
 * The lines of a ledger, some thousand at a time; nothing when there is none. Bytes that are no line are one "damaged", or
 * "torn" where no line follows them.
 * @throws {ThingError} `BAD_RECORDING` as `readLedger` does.
 */
export async function* ledgerLines(path: string): AsyncGenerator<LedgerLine[]> {
  const file = await openRegular(path, { follow: true }).catch(ignoreMissing);
  if (!file) return;
  try {
    yield []; // it is there
    yield* parsed(file, path);
  } finally {
    await file.close();
  }
}

async function* parsed(file: FileHandle, path: string): AsyncGenerator<LedgerLine[]> {
  let broken: Junk | undefined;
  for await (const raw of linesOf(file)) {
    const lines: LedgerLine[] = [];
    for (const one of raw) {
      const line = parseLine(one.text); // no part of a line is one: it need not have its end
      if (!line) {
        broken = joined(broken, { text: one.text, bytes: one.end - one.at });
        continue;
      }
      if (broken) lines.push({ kind: "damaged", ...broken });
      broken = undefined;
      if (line.kind === "head") assertKnown(line.head, path);
      lines.push(line);
    }
    yield lines;
  }
  if (broken) yield [{ kind: "torn", ...broken }];
}

/** How much is kept of lines that cannot be read, characters. */
const DAMAGED_TEXT = 200;

function joined(before: Junk | undefined, { text, bytes }: Junk): Junk {
  const known = before ? `${before.text}\n${text}` : text;
  return { text: known.slice(0, DAMAGED_TEXT), bytes: (before?.bytes ?? 0) + bytes };
}

function assertKnown({ ledger: format, software }: LedgerHead, path: string): void {
  if (format === LEDGER_FORMAT) return;
  throw new ThingError(
    "BAD_RECORDING",
    `${path} has ledger format ${format} (${software}), and this version reads only format ${LEDGER_FORMAT}. It was left unchanged: use the version that wrote it, or a later one.`,
  );
}
