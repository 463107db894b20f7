import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { messageOf, ThingError } from "../base/errors.ts";
import { rangesOf, rangeText } from "./frame-ranges.ts";
import { type Ledger, type LedgerFrame, ledgerPathOf, readLedger } from "./ledger.ts";
import { tickOf } from "./matroska-mjpeg.ts";
import { type Block, headOf, read, scan } from "./scan.ts";
import { SourceTally } from "./source-tally.ts";

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
}

/**
 * Counts the frames of a recording, byte for byte, and compares them with its ledger.
 * @throws {ThingError} `NOT_FOUND` when there is no such file.
 */
export async function verifyRecording(path: string): Promise<Verdict> {
  const file = await openFile(path);
  try {
    return await recount(file, path);
  } catch (error) {
    if (!(error instanceof ThingError)) throw error;
    const sentence = `${path}: ${messageOf(error)}`;
    return { ok: false, sentence, frames: 0, missing: [], damaged: [], unlisted: 0 };
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, "r").catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be read: ${messageOf(error)}.`);
  });
}

async function recount(file: FileHandle, path: string): Promise<Verdict> {
  const head = await headOf(file);
  const ledger = await readLedger(ledgerPathOf(path));
  const blocks = new Map<number, Block>();
  for await (const part of scan(file, head.clustersAt)) {
    if (part.kind === "block") blocks.set(part.offset, part);
  }
  const [missing, damaged]: [LedgerFrame[], LedgerFrame[]] = [[], []];
  let lastTick = 0;
  for (const listed of ledger?.frames ?? []) {
    lastTick = Math.max(lastTick, tickOf(listed.capturedAt, head.info.timeZero));
    const block = blocks.get(listed.offset);
    if (block?.size !== listed.size || block.tick !== lastTick) missing.push(listed);
    else if (crc32(await read(file, block.offset, block.size)) !== listed.crc) damaged.push(listed);
  }
  const there = (ledger?.frames.length ?? 0) - missing.length;
  const found = { frames: blocks.size, missing, damaged, unlisted: blocks.size - there };
  if (!ledger) {
    const sentence = `${path}: has ${blocks.size} frames and no ledger that says which there were.`;
    return { ok: false, sentence, ...found };
  }
  const faults = faultsOf(found, ledger, head.cuesAt !== undefined);
  const isCrash = head.cuesAt === undefined || !ledger.summary;
  const advice = isCrash ? ` To close it, run: thingscope repair ${path}` : "";
  const what =
    faults.length === 0 ? proof(ledger) : `disagrees with its ledger: ${faults.join(", ")}`;
  return { ok: faults.length === 0, sentence: `${path}: ${what}.${advice}`, ...found };
}

/** For a file that agrees with its ledger: what it has, and what its ledger says that it lacks. */
function proof({ frames, notes, summary }: Ledger): string {
  const seconds = ((frames.at(-1)?.capturedAt ?? 0) - (frames[0]?.capturedAt ?? 0)) / 1000;
  const has = `OK: ${frames.length} frames over ${seconds.toFixed(1)} s, ${summary?.ended}`;
  const lost = notes.flatMap(({ note }) => ("dropped" in note ? [note.dropped] : []));
  const source = sourceSentence(notes);
  if (lost.length === 0) return `${has}; none was lost${source}`;
  const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const which = lost.slice(0, 5).map((one) => `${rangeText(one)} because ${one.why}`);
  const more = lost.length > 5 ? `; and more` : "";
  return `${has}; ${count} lost, as its ledger says: ${which.join("; ")}${more}${source}`;
}

/** What never was a frame: `; its source: 3 lost (the numbers of its driver skip)`. */
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

function faultsOf(
  { missing, damaged, unlisted }: Omit<Verdict, "ok" | "sentence">,
  { frames, summary }: Ledger,
  hasCues: boolean,
): string[] {
  const faults: string[] = [];
  if (!hasCues || !summary) faults.push("it was not closed");
  if (missing.length > 0) faults.push(`${counted(missing)} not in it`);
  if (damaged.length > 0) faults.push(`${counted(damaged)} damaged`);
  if (unlisted > 0) faults.push(`${unlisted} in it that the ledger does not list`);
  if (summary && summary.written !== frames.length) {
    faults.push(`its summary counts ${summary.written} frames, its lines ${frames.length}`);
  }
  return faults;
}

/** `6 frames (k3x9q2 frames 40 to 45)`. */
function counted(frames: readonly LedgerFrame[]): string {
  const which = rangesOf(frames).slice(0, 5).map(rangeText).join("; ");
  return `${frames.length} ${frames.length === 1 ? "frame" : "frames"} (${which})`;
}
