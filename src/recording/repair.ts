import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { messageOf, ThingError } from "../base/errors.ts";
import { openRegular } from "../base/regular-file.ts";
import { inspectJpeg } from "../frames/jpeg.ts";
import { read } from "./file-bytes.ts";
import { ledgerPathOf } from "./ledger.ts";
import { LedgerFrames } from "./ledger-frames.ts";
import { closingOf, clusterSize, type Patch, SEGMENT_AT, TICKS_PER_MS } from "./matroska.ts";
import type { FileHead } from "./matroska-head.ts";
import { type Ledger, readLedger } from "./read-ledger.ts";
import { claimRecording } from "./recording-claims.ts";
import { recordedElsewhere, writeAll } from "./recording-files.ts";
import { closeLedger, type Kept } from "./repaired-ledger.ts";
import { type Block, type Cluster, headOf, scan } from "./scan.ts";
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

/** What was written longer before a crash than this, in ms and in bytes, is on the disk for certain. */
const CERTAIN_MS = 10_000;
const CERTAIN_BYTES = 256 * 2 ** 20;
/** After a power cut frames may be there whose lines are not. More than this of them, ms, is no crash: the ledger was cut. */
const UNLISTED_MS = 2000;
const SECTOR = 512;
const HOLE = Buffer.alloc(SECTOR);

/**
 * Closes a recording that ended by a crash. What file and ledger both have is kept; the torn end of either is cut off, and
 * listed as lost. It can be interrupted, by a power cut too, and run again: first the torn end goes, then the ledger says what is
 * left, then the file is closed. A closed recording is left as it is.
 *
 * @throws {ThingError} `NOT_FOUND` when there is no such file; `BAD_RECORDING` when it ends before its first frame; `LOCK_BUSY`
 * while another process records to it, or this one records, converts, exports, deletes or repairs it.
 */
export async function repairRecording(path: string): Promise<Repair> {
  const release = claimRecording(path, "repairing");
  return repairClaimed(path).finally(release);
}

async function repairClaimed(path: string): Promise<Repair> {
  const file = await openRegular(path, { write: true, follow: true }).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be repaired: ${messageOf(error)}.`);
  });
  try {
    const head = await headOf(file);
    const ledger = await readLedger(ledgerPathOf(path));
    if (head.cuesAt !== undefined && (!ledger || ledger.summary)) {
      const { sentence, frames } = await verifyRecording(path);
      return { repaired: false, sentence: `${sentence} It was closed: nothing to repair.`, frames };
    }
    const pid = recordedElsewhere(path, ledger?.head);
    if (pid !== undefined) throw new ThingError("LOCK_BUSY", busy(path, pid));
    const { clusters, blocks } = await contentOf(file, head);
    const { kept, listed } = await keptOf(file, head, blocks, ledger);
    const last = kept.at(-1);
    if (!last) throw new ThingError("BAD_RECORDING", `${path} has no whole frame.`);
    const end = last.offset + last.size;
    const { cues, patches } = closingAfter(head, clusters, kept, end);
    await file.truncate(end);
    await file.datasync();
    const bytes = end + cues.length;
    const lost = await closeLedger(path, { head, ledger, kept, listed, bytes });
    await closeFile(file, end, cues, patches);
    const dropped =
      lost === 0 ? "none of the listed frames was lost" : `${lost} listed frames were lost`;
    const sentence = `${path}: repaired, with ${kept.length} frames; ${dropped}.`;
    return { repaired: true, sentence, frames: kept.length };
  } finally {
    await file.close();
  }
}

function busy(path: string, pid: number): string {
  return `${path} is being recorded by process ${pid}. It closes the file itself when it ends: stop that first.`;
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
): Promise<Pick<Kept, "kept" | "listed">> {
  const newest = blocks.at(-1);
  const certainTick = (newest?.tick ?? 0) - CERTAIN_MS * TICKS_PER_MS;
  const certainEnd = (newest?.offset ?? 0) - CERTAIN_BYTES;
  const kept = new LedgerFrames();
  for (const [n, { offset, size, tick }] of blocks.entries()) {
    const line = ledger?.frames.at(n);
    if (!line) break;
    if (line.offset !== offset || line.size !== size) return { kept, listed: n };
    const isCertain = tick < certainTick && offset < certainEnd;
    if (!isCertain && crc32(await read(file, offset, size)) !== line.crc)
      return { kept, listed: n };
    kept.push(line);
  }
  const listed = kept.length;
  const unlisted = blocks.slice(listed);
  const span = (unlisted.at(-1)?.tick ?? 0) - (blocks[listed - 1]?.tick ?? 0);
  if (ledger?.head && span <= UNLISTED_MS * TICKS_PER_MS) return { kept, listed };
  for (const { offset, size, tick } of unlisted) {
    const jpeg = await read(file, offset, size);
    if (!isWholePicture(jpeg, offset)) break;
    const capturedAt = info.timeZero + tick / TICKS_PER_MS;
    kept.push({ run: "", index: kept.length, capturedAt, offset, size, crc: crc32(jpeg) });
  }
  return { kept, listed };
}

/** Whether bytes that no ledger vouches for are one JPEG without a hole: after a power cut, sectors that were not written are 0. */
function isWholePicture(jpeg: Buffer, offset: number): boolean {
  for (let at = SECTOR - (offset % SECTOR); at + SECTOR <= jpeg.length; at += SECTOR) {
    if (jpeg.subarray(at, at + SECTOR).equals(HOLE)) return false;
  }
  try {
    return inspectJpeg(jpeg).length === jpeg.length;
  } catch {
    return false;
  }
}

/** What closes a file that ends after the last of these frames, at `end`. */
function closingAfter(
  { places }: FileHead,
  clusters: readonly Cluster[],
  kept: LedgerFrames,
  end: number,
): { cues: Buffer; patches: Patch[] } {
  const [first, last] = [kept.at(0)!, kept.at(-1)!];
  const whole = clusters.filter(({ at }) => at < last.offset);
  const lastMs = last.capturedAt - (kept.at(-2)?.capturedAt ?? last.capturedAt);
  const { cues, patches } = closingOf(places, whole, end, {
    frames: kept.length,
    spanTicks: Math.max(0, Math.round((last.capturedAt - first.capturedAt) * TICKS_PER_MS)),
    lastTicks: Math.max(0, Math.round(lastMs * TICKS_PER_MS)),
  });
  const sizes = whole.slice(1).map(({ at }, n) => clusterSize(whole[n]!, at)); // one may be torn
  return { cues, patches: [...sizes, ...patches] };
}

/** The seek head comes last: where it tells of cues, the file is closed. */
async function closeFile(file: FileHandle, end: number, cues: Buffer, patches: readonly Patch[]) {
  await writeAll(file, [cues], end);
  for (const { at, bytes } of patches) if (at !== SEGMENT_AT) await writeAll(file, [bytes], at);
  await file.datasync();
  for (const { at, bytes } of patches) if (at === SEGMENT_AT) await writeAll(file, [bytes], at);
  await file.datasync();
}
