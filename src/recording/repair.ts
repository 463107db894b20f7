import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { messageOf, ThingError } from "../base/errors.ts";
import { rangesOf } from "./frame-ranges.ts";
import {
  frameLine,
  type Ledger,
  type LedgerFrame,
  type LedgerHead,
  type LostFrames,
  ledgerPathOf,
  noteLine,
  type RecordingSummary,
  readLedger,
} from "./ledger.ts";
import { closingOf, clusterSize, TICKS_PER_MS } from "./matroska.ts";
import type { FileHead } from "./matroska-head.ts";
import { writeAll } from "./recording-files.ts";
import { type Block, type Cluster, headOf, read, scan } from "./scan.ts";
import { verifyRecording } from "./verify.ts";

/** What a repair did. */
export interface Repair {
  /** False when there was nothing to do. */
  readonly repaired: boolean;
  /** One line. */
  readonly sentence: string;
  /** Frames in the file now. */
  readonly frames: number;
}

const CRASH = "it ended by crash";
/** Bytes written this long before a crash are on the disk for certain, ms. */
const CERTAIN_MS = 10_000;
/** After a power cut frames may be there whose lines are not. More than this of them, ms, is no crash: the ledger was cut. */
const UNLISTED_MS = 2000;
/** How long a last frame is taken to last at most, ticks. */
const MAX_LAST_TICKS = 1000 * TICKS_PER_MS;

/**
 * Closes a recording that ended by a crash. What file and ledger both have is kept; the torn end of either is cut off, and
 * listed as lost. It can be interrupted and run again. A closed recording is left as it is.
 *
 * @throws {ThingError} `NOT_FOUND` when there is no such file; `BAD_RECORDING` when it ends before its first frame.
 */
export async function repairRecording(path: string): Promise<Repair> {
  const file = await open(path, "r+").catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be repaired: ${messageOf(error)}.`);
  });
  try {
    const head = await headOf(file);
    const ledger = await readLedger(ledgerPathOf(path));
    if (head.cuesAt !== undefined && (!ledger || ledger.summary)) {
      const { sentence, frames } = await verifyRecording(path);
      return { repaired: false, sentence: `${sentence} It was closed: nothing to repair.`, frames };
    }
    const { clusters, blocks } = await contentOf(file, head);
    const kept = await keptOf(file, head, blocks, ledger);
    if (kept.length === 0) throw new ThingError("BAD_RECORDING", `${path} has no whole frame.`);
    const bytes = await closeFile(file, head, clusters, kept);
    const lost = await closeLedger(path, { head, ledger, kept, bytes });
    const dropped =
      lost === 0 ? "none of the listed frames was lost" : `${lost} listed frames were lost`;
    const sentence = `${path}: repaired, with ${kept.length} frames; ${dropped}.`;
    return { repaired: true, sentence, frames: kept.length };
  } finally {
    await file.close();
  }
}

async function contentOf(file: FileHandle, { clustersAt }: FileHead) {
  const [clusters, blocks]: [Cluster[], Block[]] = [[], []];
  for await (const part of scan(file, clustersAt)) {
    if (part.kind === "cluster") clusters.push(part);
    else blocks.push(part);
  }
  return { clusters, blocks };
}

/** The frames from the first on that are whole, and listed as they are. */
async function keptOf(
  file: FileHandle,
  { info }: FileHead,
  blocks: readonly Block[],
  ledger: Ledger | undefined,
): Promise<LedgerFrame[]> {
  const listed = ledger?.frames ?? [];
  const certain = (blocks.at(-1)?.tick ?? 0) - CERTAIN_MS * TICKS_PER_MS;
  const kept: LedgerFrame[] = [];
  for (const [n, { offset, size, tick }] of blocks.entries()) {
    const line = listed[n];
    if (!line) break;
    if (line.offset !== offset || line.size !== size) return kept;
    if (tick >= certain && crc32(await read(file, offset, size)) !== line.crc) return kept;
    kept.push(line);
  }
  const unlisted = blocks.slice(kept.length);
  const span = (unlisted.at(-1)?.tick ?? 0) - (blocks[kept.length - 1]?.tick ?? 0);
  if (ledger?.head && span <= UNLISTED_MS * TICKS_PER_MS) return kept;
  for (const { offset, size, tick } of unlisted) {
    const crc = crc32(await read(file, offset, size));
    const capturedAt = info.timeZero + tick / TICKS_PER_MS;
    kept.push({ run: "", index: kept.length, capturedAt, offset, size, crc });
  }
  return kept;
}

/** Cuts the file after its last frame, and closes it. @returns its bytes. */
async function closeFile(
  file: FileHandle,
  { places }: FileHead,
  clusters: readonly Cluster[],
  kept: readonly LedgerFrame[],
): Promise<number> {
  const [first, last] = [kept[0]!, kept.at(-1)!];
  const end = last.offset + last.size;
  const whole = clusters.filter(({ at }) => at < last.offset);
  const lastMs = last.capturedAt - (kept.at(-2)?.capturedAt ?? last.capturedAt);
  const lastTicks = Math.min(Math.round(lastMs * TICKS_PER_MS), MAX_LAST_TICKS);
  const span = Math.round((last.capturedAt - first.capturedAt) * TICKS_PER_MS);
  const { cues, patches } = closingOf(places, whole, end, span + Math.max(0, lastTicks));
  const sizes = whole.slice(1).flatMap(({ at }, n) => {
    return Number.isFinite(whole[n]!.size) ? [] : [clusterSize(whole[n]!, at)];
  });
  await file.truncate(end);
  await writeAll(file, [cues], end);
  await file.datasync();
  for (const { at, bytes } of [...sizes, ...patches]) await writeAll(file, [bytes], at);
  await file.datasync();
  return end + cues.length;
}

interface Kept {
  readonly head: FileHead;
  readonly ledger: Ledger | undefined;
  readonly kept: readonly LedgerFrame[];
  /** Bytes of the file. */
  readonly bytes: number;
}

/** Ends the ledger as the file ends. @returns how many listed frames were lost. */
async function closeLedger(path: string, found: Kept): Promise<number> {
  const { head, ledger, kept } = found;
  const listed = kept.filter(({ run }) => run !== "").length;
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
  const file = await open(ledgerPathOf(path), ledger ? "r+" : "w");
  try {
    await file.truncate(end);
    await writeAll(file, [Buffer.from(lines.join(""))], end);
    await file.datasync();
  } finally {
    await file.close();
  }
  return lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** What can be said of a recording by those who were not there. */
function summaryOf({ ledger, kept, bytes }: Kept, lost: readonly LostFrames[]): RecordingSummary {
  const notes = ledger?.notes.map(({ note }) => note) ?? [];
  const before = notes.flatMap((note) => ("dropped" in note ? [note.dropped] : []));
  const dropped: Record<string, number> = {};
  for (const { from, to, why } of [...before, ...lost]) {
    dropped[why] = (dropped[why] ?? 0) + to - from + 1;
  }
  const count = Object.values(dropped).reduce((sum, one) => sum + one, 0);
  return {
    ended: CRASH,
    captured: kept.length + count,
    written: kept.length,
    dropped,
    refused: 0,
    clockSteps: notes.flatMap((note) => ("clockStep" in note ? [note.clockStep.byMs] : [])),
    newRuns: notes.filter((note) => "run" in note).length,
    first: kept[0]?.capturedAt,
    last: kept.at(-1)?.capturedAt,
    bytes,
  };
}

function headLine(path: string, { info }: FileHead): LedgerHead {
  const { CAMERA: camera = "", REASON: reason = "" } = info.tags;
  const { timeZero, software } = info;
  return { ledger: 1, file: basename(path), camera, reason, timeZero, software };
}
