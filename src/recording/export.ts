import { open, rm, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { messageOf, ThingError } from "../base/errors.ts";
import { openRegular } from "../base/regular-file.ts";
import { syncFolder } from "../base/sync-folder.ts";
import { programVersion } from "../processes/programs.ts";
import { convert } from "./conversion.ts";
import { exportFaults } from "./export-check.ts";
import { draftOf, nameFile } from "./free-name.ts";
import { noteInLedger } from "./note-in-ledger.ts";
import { claimRecording } from "./recording-claims.ts";
import { notePace, type Pace } from "./track-rate.ts";
import type { VideoFormat } from "./video-format.ts";

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
 * grows. The result is looked at with ffprobe, and there only if it has every frame at its time.
 * @throws {ThingError} `PROGRAM_MISSING` without ffmpeg; `RECORDING_FAILED` when the result lacks something; `LOCK_BUSY` while this
 * process repairs or deletes it, or exports it to that format already. The recording is there as before, then.
 */
export async function exportRecording(recording: string, options: ExportOptions): Promise<Export> {
  const work = options.until ? "converting" : "exporting";
  const release = claimRecording(recording, work, options.format);
  return exportClaimed(recording, options).finally(release);
}

async function exportClaimed(recording: string, options: ExportOptions): Promise<Export> {
  const { format, signal } = options;
  await requireFfmpeg(recording);
  const wanted = options.path ?? recording.replace(/\.mkv$/, `.${format}`);
  const draft = draftOf(wanted);
  const file = await openRegular(recording, { follow: true }).catch((cause) => {
    const why = `${recording} cannot be read: ${messageOf(cause)}.`;
    throw new ThingError("NOT_FOUND", why, { cause });
  });
  try {
    await convert(file, draft, options);
    const { frames, largestErrorMs, faults, pace } = await exportFaults(file, draft, options);
    if (faults) throw new ThingError("RECORDING_FAILED", `the result ${faults}`);
    if (format === "webm" && pace) await notePaceIn(draft, pace);
    const path = await nameFile(draft, wanted);
    await settle(recording, path, frames, options);
    return { path, frames, largestErrorMs };
  } catch (error) {
    signal?.throwIfAborted();
    throw failed(recording, error);
  } finally {
    await rm(draft, { force: true });
    await file.close();
  }
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

/** Notes in the ledger what there is now, and removes the MKV if that is wanted. */
async function settle(
  recording: string,
  path: string,
  frames: number,
  { replace }: ExportOptions,
): Promise<void> {
  await noteInLedger(recording, { exported: { file: basename(path), frames } });
  if (!replace) return;
  await unlink(recording);
  await syncFolder(dirname(recording));
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
