import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { messageOf, ThingError } from "../base/errors.ts";
import { openRegular } from "../base/regular-file.ts";
import { read } from "./file-bytes.ts";
import { type LedgerFrame, ledgerPathOf } from "./ledger.ts";
import { LedgerFrames } from "./ledger-frames.ts";
import { MAX_LAST_TICKS, TICKS_PER_MS } from "./matroska.ts";
import type { FileHead } from "./matroska-head.ts";
import { type Ledger, readLedger } from "./read-ledger.ts";
import { sharedTicksOf, ticksOf, timeFaults } from "./recorded-times.ts";
import { type Block, headOf, scan } from "./scan.ts";
import { timingOf } from "./timing.ts";
import { counted, proof, type Verdict } from "./verdict.ts";
import { verifyExport } from "./verify-export.ts";
import { formatOf } from "./video-format.ts";

/** How far a duration of whole ticks may be from that of the ledger's times. */
const ROUNDING_MS = 1;

/**
 * Counts the frames of a recording, byte for byte, and compares them with its ledger; of an MP4 or a WebM, which has other
 * bytes, their number and times.
 * @throws {ThingError} `NOT_FOUND` when there is no such file; `PROGRAM_MISSING` without the ffprobe that an MP4 or a WebM takes.
 */
export async function verifyRecording(path: string): Promise<Verdict> {
  const format = formatOf(path);
  if (format) return verifyExport(path, format);
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
  return openRegular(path, { follow: true }).catch((error) => {
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
  const frames = ledger?.frames ?? new LedgerFrames();
  const { timeZero } = head.info;
  const [ticks, shared] = [ticksOf(frames, timeZero), sharedTicksOf(frames, timeZero)];
  for (let n = 0; n < frames.length; n++) {
    const listed = frames.at(n)!;
    const block = blocks.get(listed.offset);
    const isThere = block?.size === listed.size;
    const isInTime = block?.tick === ticks[n] || block?.tick === shared[n];
    if (!isThere || !isInTime) missing.push(listed);
    else if (crc32(await read(file, block.offset, block.size)) !== listed.crc) damaged.push(listed);
  }
  const there = frames.length - missing.length;
  const found = { frames: blocks.size, missing, damaged, unlisted: blocks.size - there };
  if (!ledger) {
    const sentence = `${path}: has ${blocks.size} frames and no ledger that says which there were.`;
    return { ok: false, sentence, ...found };
  }
  const timing = timingOf(ledger);
  const faults = [...faultsOf(found, ledger, head), ...timeFaults(ledger)];
  const isCrash = head.cuesAt === undefined || !ledger.summary;
  const advice = isCrash ? ` To close it, run: thingscope repair ${path}` : "";
  const what =
    faults.length === 0 ? proof(ledger, timing) : `disagrees with its ledger: ${faults.join(", ")}`;
  return { ok: faults.length === 0, sentence: `${path}: ${what}.${advice}`, ...found, timing };
}

function faultsOf(
  { missing, damaged, unlisted }: Omit<Verdict, "ok" | "sentence">,
  { frames, summary }: Ledger,
  { cuesAt, durationTicks }: FileHead,
): string[] {
  const faults: string[] = [];
  if (cuesAt === undefined || !summary) faults.push("it was not closed");
  if (missing.length > 0) faults.push(`${counted(missing)} not in it`);
  if (damaged.length > 0) faults.push(`${counted(damaged)} damaged`);
  if (unlisted > 0) faults.push(`${unlisted} in it that the ledger does not list`);
  if (summary && summary.written !== frames.length) {
    faults.push(`its summary counts ${summary.written} frames, its lines ${frames.length}`);
  }
  const spanMs = (frames.at(-1)?.capturedAt ?? 0) - (frames.at(0)?.capturedAt ?? 0);
  const durationMs = durationTicks === undefined ? spanMs : durationTicks / TICKS_PER_MS;
  const mostMs = Math.max(spanMs / Math.max(1, frames.length - 1), MAX_LAST_TICKS / TICKS_PER_MS);
  const lastMs = durationMs - spanMs; // of the last frame: nobody's to know
  const isLasting = lastMs >= -ROUNDING_MS && lastMs <= mostMs + ROUNDING_MS;
  if (missing.length === 0 && !isLasting) {
    faults.push(
      `its duration is ${durationMs / 1000} s and its frames span ${(spanMs / 1000).toFixed(3)} s`,
    );
  }
  return faults;
}
