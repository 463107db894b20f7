import { access, type FileHandle, realpath } from "node:fs/promises";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { shellWord } from "../../base/preview.ts";
import { openRegular } from "../../base/regular-file.ts";
import { recorderOf, recordingSentence } from "../files/recorded-by.ts";
import { LedgerFrames } from "../ledger/ledger-frames.ts";
import { placedLedger } from "../ledger/placed-ledger.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { durationFault, timeFaults } from "../ledger/recorded-times.ts";
import { timingOf } from "../ledger/timing.ts";
import { clockStepsIn, counted, proof, type Verdict } from "../ledger/verdict.ts";
import { formatOf } from "../ledger/video-format.ts";
import { findLedger, undoPathOf } from "../ledger/video-names.ts";
import { bytesBehindCues, cuesOf, leadsTo } from "../matroska/cues.ts";
import { headOf } from "../matroska/scan.ts";
import { repairerOf } from "../repair/repair-undo.ts";
import { junkBehind } from "../repair/repaired-ledger.ts";
import { headlessError, joinedAdvice, joinedIn, joinedSentence } from "../survey/joined.ts";
import { survey } from "../survey/survey.ts";
import type { Survey } from "../survey/surveyed.ts";
import { verifyExport } from "./verify-export.ts";

/** How a recording is verified. */
export interface VerifyOptions {
  /** Ends it; it rejects with the reason then. */
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the file has been read, 0 to 1; not of an MP4 or a WebM. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Counts the frames of a recording, byte for byte, and compares them with its ledger; of an MP4 or a WebM, which has other
 * bytes, their number and times.
 * @throws {ThingError} `NOT_FOUND` when there is no such file; `PROGRAM_MISSING` without the ffprobe that an MP4 or a WebM takes.
 */
export async function verifyRecording(
  path: string,
  { signal, onProgress }: VerifyOptions = {},
): Promise<Verdict> {
  const format = formatOf(path);
  if (format) return verifyExport(path, format, signal);
  const file = await openFile(path);
  try {
    return await recount(file, path, { signal, onProgress });
  } catch (error) {
    if (signal?.aborted || !(error instanceof ThingError)) throw error;
    const sentence = `${path}: ${messageOf(error)}`;
    return { ok: false, sentence, frames: 0, missing: [], damaged: [], unlisted: 0 };
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return openRegular(path, { follow: true }).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be read: ${reasonOf(error)}.`);
  });
}

async function recount(file: FileHandle, path: string, watched: VerifyOptions): Promise<Verdict> {
  const who = await recorderOf(await realpath(path));
  if (who !== undefined) return growing(path, who);
  const head = await headOf(file).catch((error) => {
    if (!(error instanceof ThingError)) throw error;
    return headlessError(file, path, error).then((told) => Promise.reject(told));
  });
  const ledger = await readLedger(await findLedger(await realpath(path))); // beside the file, where a link leads to it
  const frames = ledger?.frames ?? new LedgerFrames();
  const { size } = await file.stat();
  const options = { file, size, clustersAt: head.clustersAt, timeZero: head.info.timeZero };
  const found = await survey({ ...options, ...watched, ledger: await placedLedger(frames) });
  const counts = {
    frames: found.kept.length,
    missing: found.missing,
    damaged: found.damage.flatMap((one) => one.frames),
    unlisted: found.unlisted.length,
  };
  if (!ledger) {
    const joined = await joinedIn(file, size, found);
    const more = joined ? ` ${joinedSentence(joined)}. ${joinedAdvice(path, joined)}` : "";
    const sentence = `${path}: has ${counts.frames} frames but no ledger to compare them with.${more}`;
    return { ok: false, sentence, ...counts };
  }
  const timing = await timingOf(ledger);
  const faults = [
    ...faultsOf(counts, ledger, head.cuesAt !== undefined),
    ...structureFaults(found, ledger),
    ...(await timeFaults(ledger)),
  ];
  const repairer = await repairerOf(await realpath(path));
  if (repairer !== undefined) faults.push(`${repairer} is repairing it`);
  else if (await isRepairOpen(path)) faults.push("a repair of it was cut off");
  const duration = counts.missing.length === 0 && durationFault(head, frames);
  if (duration) faults.push(duration);
  const isWhole = faults.length === 0 && head.cuesAt !== undefined;
  if (isWhole && !leadsTo(await cuesOf(file, head), found.structure.clusters)) {
    faults.push("its index is damaged");
  }
  const joined = await joinedIn(file, size, found);
  if (joined) faults.push(joinedSentence(joined));
  const behind = await bytesBehindCues(file, head);
  if (isWhole && Number.isFinite(head.bytes) && head.bytes !== size - behind) {
    faults.push(
      `its head says that it ends at byte ${head.bytes}, but it ends at ${size - behind}`,
    );
  }
  if (behind > 0 && !joined) faults.push(`${behind} bytes after its end do not belong to it`);
  const what =
    faults.length === 0 ? proof(ledger, timing) : `disagrees with its ledger: ${faults.join(", ")}`;
  const isClosed = head.cuesAt !== undefined && !!ledger.summary;
  const advice = joined
    ? ` ${joinedAdvice(path, joined)}`
    : adviceFor(path, faults.length > 0, isClosed);
  const sentence = `${path}: ${what}.${advice}`;
  const clockSteps = clockStepsIn(ledger.notes);
  return { ok: faults.length === 0, sentence, ...counts, timing, clockSteps };
}

/** What can be said of a file that is being recorded: its end is still to come. */
async function growing(path: string, who: string): Promise<Verdict> {
  const { frames } = (await readLedger(await findLedger(await realpath(path)))) ?? {};
  const so = frames?.length ?? 0;
  const sentence = `${recordingSentence(path, who)}, then verify it; so far its ledger lists ${so} ${so === 1 ? "frame" : "frames"}.`;
  return { ok: false, sentence, frames: so, missing: [], damaged: [], unlisted: 0 };
}

function isRepairOpen(path: string): Promise<boolean> {
  return access(undoPathOf(path)).then(
    () => true,
    () => false,
  );
}

function adviceFor(path: string, isFaulty: boolean, isClosed: boolean): string {
  if (!isFaulty) return "";
  const what = isClosed ? "keep what is whole, and list what is not" : "close it";
  return ` To ${what}, run: thingscope repair ${shellWord(path)}`;
}

function structureFaults({ structure, corrected }: Survey, ledger: Ledger): string[] {
  const { damaged } = ledger;
  const faults: string[] = [];
  if (structure.faults > 0) {
    faults.push(`its structure is damaged at ${structure.faults} ${placesOf(structure.faults)}`);
  }
  if (damaged.length > 0) {
    faults.push(`lines of the ledger are damaged at ${damaged.length} ${placesOf(damaged.length)}`);
  }
  for (const { bytes } of junkBehind(ledger)) {
    faults.push(`${bytes} bytes after the summary of its ledger are not ledger lines`);
  }
  if (corrected > 0) {
    faults.push(`${corrected} ${corrected === 1 ? "line" : "lines"} of the ledger cannot be right`);
  }
  return faults;
}

function placesOf(count: number): string {
  return count === 1 ? "place" : "places";
}

function faultsOf(
  { missing, damaged, unlisted }: Omit<Verdict, "ok" | "sentence">,
  { frames, summary }: Ledger,
  hasCues: boolean,
): string[] {
  const faults: string[] = [];
  if (!hasCues || !summary) faults.push("it was not closed");
  if (missing.length > 0) faults.push(`${counted(missing)} missing`);
  if (damaged.length > 0) faults.push(`${counted(damaged)} damaged`);
  if (unlisted > 0) faults.push(`${unlisted} that the ledger does not list`);
  if (summary && summary.written !== frames.length) {
    faults.push(`its summary counts ${summary.written} frames, its lines ${frames.length}`);
  }
  return faults;
}
