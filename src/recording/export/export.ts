import { type FileHandle, open, realpath, rm, stat, statfs, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { isStopped } from "../../base/abort.ts";
import { laneAt } from "../../base/disk-lane.ts";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { shellWord } from "../../base/preview.ts";
import { openRegular } from "../../base/regular-file.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import { programVersion } from "../../processes/programs.ts";
import { describeRecording } from "../files/describe.ts";
import { withLedgerOf } from "../files/export-ledger.ts";
import { beginExport, type ExportEnd, isTakenBack } from "../files/exports-under-way.ts";
import { noteRemoved, type RoomLimits } from "../files/folder-room.ts";
import { draftOf, nameFile } from "../files/free-name.ts";
import { assertNotRecorded } from "../files/recorded-by.ts";
import { claimRecording } from "../files/recording-claims.ts";
import { noRoom } from "../files/room-watch.ts";
import { FrameSum } from "../ledger/frame-sum.ts";
import { noteInLedger } from "../ledger/note-in-ledger.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import type { VideoFormat } from "../ledger/video-format.ts";
import { findLedger, withExtension } from "../ledger/video-names.ts";
import { headOf } from "../matroska/scan.ts";
import { notePace, type Pace } from "../matroska/track-rate.ts";
import { verifyRecording } from "../read/verify.ts";
import { joinedBehindCues, joinedSentence } from "../survey/joined.ts";
import { convert } from "./conversion.ts";
import { conversions } from "./conversion-queue.ts";
import { type Comparison, exportFaults } from "./export-check.ts";
import { ExportRoom } from "./export-room.ts";

/** With less than this free, a program that fails has failed for that. */
const FULL_BYTES = 64 * 1024;

/** How a recording is exported. */
export interface ExportOptions {
  readonly format: VideoFormat;
  /** Where to; beside the recording, under its name, when absent. A name that is taken gets a number. */
  readonly path?: string | undefined;
  /** Times as they are in the recording, not from 0. */
  readonly keepStart?: boolean | undefined;
  /** Removes the MKV once the export is found to have every frame at its time. Its ledger is kept. */
  readonly replace?: boolean | undefined;
  /** While the recording is still being written: settles when that is over. */
  readonly until?: Promise<unknown> | undefined;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Notes it in the ledger until it is made or fails, so that what a stop, a crash or a power cut has cut off is made when a Recorder
   * opens the folder again.
   */
  readonly resumable?: boolean | undefined;
  /** The ledger says already that it is wanted; and it may have been made before a crash. */
  readonly isNoted?: boolean | undefined;
  /** What it leaves free: it is not begun where there is less, and cut off before that is touched. All is taken when absent. */
  readonly room?: RoomLimits | undefined;
}

/** A recording in another format, which has every frame. */
export interface Export {
  readonly path: string;
  readonly frames: number;
  /** The largest difference of a frame's time, ms. */
  readonly largestErrorMs: number;
}

/**
 * Makes an MP4 (H.264) or a WebM (VP8) of a recording, after it or while it is written: ffmpeg is fed with the file as it
 * grows. The result is looked at with ffprobe, and there only if it has every frame at its time. Few are made at once: others wait.
 * @throws {ThingError} `PROGRAM_MISSING` without ffmpeg; `RECORDING_FAILED` when the result lacks something; `NO_ROOM`; `TOO_BUSY` when
 * too many wait; `LOCK_BUSY` while this process repairs or deletes it, or exports it to that format already. The recording is there as
 * before, then.
 */
export async function exportRecording(recording: string, options: ExportOptions): Promise<Export> {
  const { format, path, until } = options;
  if (path !== undefined) assertNameFits(path, format);
  await laneAt(recording).catch(() => {}); // so that it is known which folder that is; what is wrong is told below
  const release = claimRecording(recording, until ? "converting" : "exporting", format);
  const underWay = beginExport(recording, format, options.signal);
  let end: Omit<ExportEnd, "format"> = {};
  try {
    const made = await exportInTurn(recording, options, underWay);
    end = { made: made.path };
    return made;
  } catch (error) {
    const signal = underWay.signal;
    const why = signal.aborted ? undefined : messageOf(error);
    if (!isStopped(signal.reason) && !isTakenBack(signal.reason))
      await noteFailure(recording, options, why);
    end = { why };
    signal.throwIfAborted();
    throw error;
  } finally {
    release();
    underWay.end(end);
  }
}

/** What has another format's name is no video to those who look for one: an MP4 that is called `.mkv` cannot be verified. */
function assertNameFits(path: string, format: VideoFormat): void {
  if (path.toLowerCase().endsWith(`.${format}`)) return;
  const why = `'${path}' cannot be the name of the export: it must end with '.${format}'. Nothing was exported.`;
  throw new ThingError("BAD_ARGUMENT", why);
}

async function exportInTurn(
  recording: string,
  options: ExportOptions,
  { signal, running }: ReturnType<typeof beginExport>,
): Promise<Export> {
  const { format, replace, keepStart, until, resumable = false, isNoted = false } = options;
  if (!until)
    await assertNotRecorded(
      await realpath(recording).catch(() => recording),
      recording,
      "export it",
    );
  if (resumable && !isNoted) {
    await noteInLedger(recording, { exporting: { format, replace, keepStart } });
  }
  await requireFfmpeg(recording);
  let isGrowing = until !== undefined;
  const closed = () => {
    isGrowing = false;
  };
  until?.then(closed, closed);
  return conversions.run({ isGrowing: () => isGrowing, until, signal }, () => {
    running();
    return make(recording, { ...options, signal });
  });
}

/** Says in the ledger that it is not wanted any more, and why, once that is closed. */
async function noteFailure(
  recording: string,
  { format, until, resumable, isNoted }: ExportOptions,
  why: string | undefined,
): Promise<void> {
  if (!resumable && !isNoted) return;
  await until?.catch(() => {}); // who records it tells
  const { summary } = await describeRecording(recording);
  if (!summary) return; // it was removed, or is repaired when the folder is opened again
  await noteInLedger(recording, { notExported: { format, ...(why !== undefined && { why }) } });
}

async function make(recording: string, options: ExportOptions): Promise<Export> {
  const { format } = options;
  const wanted = options.path ?? withExtension(recording, format);
  const draft = draftOf(wanted);
  const file = await openRegular(recording, { follow: true }).catch((cause) => {
    const why = `${recording} cannot be read: ${reasonOf(cause)}.`;
    throw new ThingError("NOT_FOUND", why, { cause });
  });
  const room = options.room && new ExportRoom(draft, options.room, options.signal);
  const watched = { ...options, ...(room && { signal: room.signal }) };
  try {
    await room?.admit();
    if (!options.until) await requireClosed(recording, options);
    const before = options.isNoted && (await madeBefore(file, wanted, watched));
    await requireAlone(file);
    const compared: Made = before || (await makeDraft(file, draft, watched));
    await requireClosed(recording, options);
    if (options.replace) await requireWhole(recording, compared.given);
    const path = before ? wanted : await nameFile(draft, wanted, withLedgerOf(recording));
    const { frames, largestErrorMs } = compared;
    await noteInLedger(recording, { exported: { file: basename(path), frames } });
    if (options.replace) await unlinkMkv(recording);
    return { path, frames, largestErrorMs };
  } catch (error) {
    const isFull = !watched.signal?.aborted && (await isDiskFull(dirname(draft))); // ffmpeg does not say so
    throw failed(recording, isFull ? noRoom(dirname(draft), "the disk is full") : error);
  } finally {
    room?.end();
    await rm(draft, { force: true });
    await file.close();
  }
}

interface Made extends Comparison {
  /** The frames that it was made of; undefined for what was made before a crash. */
  readonly given?: FrameSum;
}

async function isDiskFull(folder: string): Promise<boolean> {
  const disk = await statfs(folder).catch(() => undefined);
  return disk !== undefined && disk.bavail * disk.bsize < FULL_BYTES;
}

async function makeDraft(file: FileHandle, draft: string, options: ExportOptions): Promise<Made> {
  const given = await convert(file, draft, options);
  const compared = await exportFaults(file, draft, options);
  const { faults, pace } = compared;
  if (faults) throw new ThingError("RECORDING_FAILED", `the result ${faults}`);
  if (options.format === "webm" && pace) await notePaceIn(draft, pace);
  return { ...compared, given };
}

/** What was made of it before a crash, if that is whole: its name says that its bytes are on the disk. */
async function madeBefore(file: FileHandle, path: string, options: ExportOptions) {
  const found = await stat(path).catch(() => undefined);
  if (found?.size === 0) await rm(path); // it only reserved the name, on a disk without links
  if (!found?.size) return undefined;
  const compared = await exportFaults(file, path, options).catch(() => undefined);
  if (!compared || compared.faults) return undefined;
  await syncFolder(dirname(path));
  return compared;
}

/** While the disk does not take the end of a recording, its ledger is still to be written. */
async function requireClosed(recording: string, { until }: ExportOptions): Promise<void> {
  const { head, summary } = await describeRecording(recording);
  if (!head || summary) return;
  const why = until
    ? "the end of the recording has not been written to its disk"
    : `it was not closed. To close it, run: thingscope repair ${shellWord(recording)}`;
  throw new ThingError("RECORDING_FAILED", why);
}

/** What is made of a file that has two recordings would lack one. */
async function requireAlone(file: FileHandle): Promise<void> {
  const joined = await joinedBehindCues(file, (await headOf(file)).cuesAt);
  if (joined) throw new ThingError("BAD_RECORDING", joinedSentence(joined));
}

/** That what is to be removed was made of every frame that its ledger lists, as it was recorded. */
async function requireWhole(recording: string, given: FrameSum | undefined): Promise<void> {
  const ledger = await readLedger(await findLedger(await realpath(recording)));
  if (!ledger || given?.equals(FrameSum.of(ledger.frames))) return;
  if ((await verifyRecording(recording)).ok) return;
  const why = `it is damaged and cannot be replaced. Run: thingscope repair ${shellWord(recording)}; then export it again`;
  throw new ThingError("RECORDING_FAILED", why);
}

/** Removes what has been replaced, for good when this resolves. */
export async function unlinkMkv(recording: string): Promise<void> {
  await unlink(recording);
  noteRemoved(recording);
  await syncFolder(dirname(recording));
}

async function requireFfmpeg(recording: string): Promise<void> {
  try {
    await programVersion("ffmpeg");
    await programVersion("ffprobe");
  } catch (cause) {
    const why = `${recording} stays an MKV: ${messageOf(cause)}`;
    throw new ThingError(cause instanceof ThingError ? cause.code : "PROGRAM_MISSING", why, {
      cause,
    });
  }
}

async function notePaceIn(path: string, pace: Pace): Promise<void> {
  const made = await open(path, "r+");
  await notePace(made, pace).finally(() => made.close());
}

function failed(what: string, cause: unknown): ThingError {
  const why = messageOf(cause).replace(/\.$/, "");
  const code = cause instanceof ThingError ? cause.code : "RECORDING_FAILED";
  return new ThingError(code, `${what} was not exported: ${why}. The MKV is kept.`, { cause });
}
