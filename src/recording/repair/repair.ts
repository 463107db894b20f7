import { type FileHandle, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { wallTime } from "../../base/clock.ts";
import { reasonOf, ThingError } from "../../base/errors.ts";
import { FOREIGN_QUIET_MS } from "../../base/process-place.ts";
import { assertFile, openRegular } from "../../base/regular-file.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import { describeRecording } from "../files/describe.ts";
import { assertNotRecorded } from "../files/recorded-by.ts";
import { claimedName, claimRecording } from "../files/recording-claims.ts";
import { LedgerFrames } from "../ledger/ledger-frames.ts";
import { placedLedger } from "../ledger/placed-ledger.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { timingOf } from "../ledger/timing.ts";
import { proof } from "../ledger/verdict.ts";
import { findLedger } from "../ledger/video-names.ts";
import { TICKS_PER_MS } from "../matroska/matroska.ts";
import { headlessError, joinedAdvice, joinedIn, joinedSentence } from "../survey/joined.ts";
import { survey } from "../survey/survey.ts";
import type { Survey } from "../survey/surveyed.ts";
import { type RecordingHead, recordingHead } from "./rebuilt-head.ts";
import { type Change, changeOf, makeChange } from "./repair-change.ts";
import { RepairUndo } from "./repair-undo.ts";
import { junkBehind, repairedLedger } from "./repaired-ledger.ts";
import { writeLedger } from "./write-ledger.ts";

/** What a repair did. */
export interface Repair {
  /** False when there was nothing to do. */
  readonly repaired: boolean;
  /** One line. */
  readonly sentence: string;
  /** Frames in the file now. */
  readonly frames: number;
}

/** How a recording is repaired. */
export interface RepairOptions {
  /** Leaves the disk to others for half of the time: the file is not waited for. */
  readonly inBackground?: boolean | undefined;
  /** Ends the repair while it looks at the file; nothing has been changed then. */
  readonly signal?: AbortSignal | undefined;
}

const BACKGROUND_SHARE = 0.5;
/** After a power cut frames may be there whose lines are not. More than this of them, ms, is no crash: the ledger was cut. */
const UNLISTED_MS = 2000;

/**
 * Closes a recording that ended by a crash, and keeps what is damaged in it, or in a closed one, out of the way of players. Every
 * frame is kept that is whole, at its time. Frames whose bytes have changed stay in the file, within Void elements; a torn end is cut off.
 * The ledger lists both.
 *
 * What is changed or cut off is kept beside the file (`video.mkv.undo`) until the result is verified. A repair that was interrupted, by
 * a power cut too, is undone by the next one, which begins anew.
 *
 * @throws {ThingError} `NOT_FOUND` when there is no such file; `BAD_RECORDING` when no frame of it can be read, or another program
 * has written it; `RECORDING_FAILED` when the disk does not take the repair: then the file is as before; `LOCK_BUSY` while another
 * process records or repairs it, or this one records, converts, exports, deletes or repairs it, by whatever name.
 */
export async function repairRecording(path: string, options: RepairOptions = {}): Promise<Repair> {
  const real = await realFile(path).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be repaired: ${reasonOf(error)}.`);
  });
  const release = claimRecording(await claimedName(real), "repairing");
  return repairClaimed(real, path, options).finally(release);
}

async function realFile(path: string): Promise<string> {
  const real = await realpath(path);
  assertFile(real, await stat(real));
  return real;
}

async function repairClaimed(path: string, name: string, options: RepairOptions): Promise<Repair> {
  await assertNotRecorded(path, name, "repair it if it was not closed");
  const { head } = await describeRecording(path);
  if (!head?.process) await assertQuiet(path, name);
  const undo = await RepairUndo.begin(path);
  try {
    return await new RepairRun(path, name, undo, options).run();
  } finally {
    await undo.close();
  }
}

/** Whoever records a file by another name, a hard link, has its ledger there, where nobody finds it. */
async function assertQuiet(path: string, name: string): Promise<void> {
  const { nlink, mtimeMs } = await stat(path);
  if (nlink === 1 || Math.abs(wallTime() - mtimeMs) > FOREIGN_QUIET_MS) return;
  const why = `${name} is a hard link to a file that was written to just now: another process may be recording it. Repair it under the name that has its ledger, or try again in half a minute.`;
  throw new ThingError("LOCK_BUSY", why);
}

/** One repair of one file. */
class RepairRun {
  readonly #path: string;
  readonly #name: string;
  #ledgerPath = "";
  readonly #undo: RepairUndo;
  readonly #options: RepairOptions;

  constructor(path: string, name: string, undo: RepairUndo, options: RepairOptions) {
    this.#options = options;
    this.#path = path;
    this.#name = name;
    this.#undo = undo;
  }

  async run(): Promise<Repair> {
    const file = await openRegular(this.#path, { write: true }).catch((error) => {
      throw new ThingError("NOT_FOUND", `${this.#name} cannot be repaired: ${reasonOf(error)}.`);
    });
    try {
      this.#ledgerPath = await findLedger(this.#path);
      const ledger = await readLedger(this.#ledgerPath);
      const head = await recordingHead(file, ledger).catch((error) => {
        if (!(error instanceof ThingError)) throw error;
        return headlessError(file, this.#name, error).then((cause) => {
          throw new ThingError(cause.code, `${this.#name}: ${cause.message}`, { cause });
        });
      });
      const found = await this.#survey(file, head, ledger);
      const change = await changeOf(file, head, found);
      const isDone = change.isNone && isComplete(ledger, found);
      if (isDone) return this.#nothing(ledger!);
      return await this.#repair(file, { head, ledger, found, change });
    } finally {
      await file.close();
    }
  }

  async #nothing(ledger: Ledger): Promise<Repair> {
    const sentence = `${this.#name}: ${proof(ledger, await timingOf(ledger))}. It was closed: nothing to repair.`;
    return { repaired: false, sentence, frames: ledger.frames.length };
  }

  async #survey(
    file: FileHandle,
    head: RecordingHead,
    ledger: Ledger | undefined,
  ): Promise<Survey> {
    const { size } = await file.stat();
    const placed = await placedLedger(ledger?.frames ?? new LedgerFrames());
    const { clustersAt, info } = head;
    const { inBackground, signal } = this.#options;
    const found = await survey({
      ...{ file, size, clustersAt, timeZero: info.timeZero, ledger: placed, signal },
      share: inBackground ? BACKGROUND_SHARE : 1,
    });
    const { kept, unlisted, damage } = found;
    const joined = await joinedIn(file, size, found);
    if (joined) {
      const why = `${this.#name} was not repaired: ${joinedSentence(joined)}. Nothing was changed. ${joinedAdvice(this.#name, joined)}`;
      throw new ThingError("BAD_RECORDING", why);
    }
    const isAnothers = kept.length === unlisted.length && (ledger?.frames.length ?? 0) > 0;
    if (isAnothers && (kept.length > 0 || damage.length > 0)) {
      throw new ThingError("BAD_RECORDING", anothers(this.#name, this.#ledgerPath));
    }
    if (head.cuesAt === undefined && found.cuesAt === undefined && ledger?.head) {
      cutUnlisted(found, ledger);
    }
    if (kept.length > 0) return found;
    throw new ThingError("BAD_RECORDING", `${this.#name} has no whole frame.`);
  }

  async #repair(file: FileHandle, plan: Plan): Promise<Repair> {
    const { head, ledger, found, change } = plan;
    const hasCues = head.cuesAt !== undefined || found.cuesAt !== undefined;
    const wasClosed = hasCues && (!ledger || ledger.summary !== undefined); // a repair that was cut off adds cues, too
    const { end, bytes } = change;
    const about = { path: this.#path, head, ledger, survey: found, wasClosed, end, bytes };
    const { closed, lost } = await repairedLedger(about);
    const [ledgerPath, draft] = [this.#ledgerPath, `${this.#ledgerPath}.new`];
    try {
      await writeLedger(draft, closed);
      await this.#undo.keep(file, change.ranges, change.end, found.kept.at(0)!);
      await makeChange(file, change);
      await this.#assertRepaired(file, draft);
    } catch (error) {
      await this.#undo.restore();
      await rm(draft, { force: true });
      throw this.#failure(error);
    }
    await this.#undo.remove();
    await rename(draft, ledgerPath);
    await syncFolder(dirname(ledgerPath));
    const { sentence } = outcome(this.#name, found, lost);
    return { repaired: true, sentence, frames: found.kept.length };
  }

  /** That the file has what its new ledger lists, and nothing else. Frames were read before, and are where they were. */
  async #assertRepaired(file: FileHandle, ledgerPath: string): Promise<void> {
    const ledger = await readLedger(ledgerPath);
    const head = await recordingHead(file, ledger);
    const { size } = await file.stat();
    const { clustersAt, info } = head;
    const placed = await placedLedger(ledger!.frames);
    const options = { file, size, clustersAt, timeZero: info.timeZero, ledger: placed };
    const found = await survey({ ...options, readsFrames: false });
    const change = await changeOf(file, head, found);
    if (change.isNone && isComplete(ledger, found)) return;
    throw new ThingError("RECORDING_FAILED", "the result does not agree with its ledger");
  }

  #failure(error: unknown): ThingError {
    if (error instanceof ThingError && error.code === "BAD_RECORDING") return error;
    const why = `${this.#name} was not repaired and is unchanged: ${reasonOf(error)}. Copy it with its ledger to another disk, and repair the copy.`;
    return new ThingError("RECORDING_FAILED", why, { cause: error });
  }
}

interface Plan {
  readonly head: RecordingHead;
  readonly ledger: Ledger | undefined;
  readonly found: Survey;
  readonly change: Change;
}

/** Whether a ledger was closed, and lists exactly what was found. */
function isComplete(
  ledger: Ledger | undefined,
  { unlisted, damage, missing, kept, corrected }: Survey,
): boolean {
  const isClean = ledger?.damaged.length === 0 && junkBehind(ledger).length === 0;
  const isWhole = ledger?.summary !== undefined && isClean;
  const isSame = kept.length === ledger?.frames.length && unlisted.length === 0;
  return isWhole && corrected === 0 && isSame && damage.length === 0 && missing.length === 0;
}

/** Leaves out what a power cut left at the end without a line. */
function cutUnlisted({ kept, unlisted }: Survey, ledger: Ledger): void {
  let listed = kept.length;
  for (let n = unlisted.length - 1; n >= 0 && unlisted[n] === listed - 1; n--) listed -= 1;
  const last = kept.at(listed - 1) ?? { capturedAt: ledger.head!.timeZero };
  const spanMs = (kept.at(-1)?.capturedAt ?? 0) - last.capturedAt;
  if (spanMs > UNLISTED_MS + 1 / TICKS_PER_MS) return;
  kept.cutTo(listed);
}

function anothers(path: string, ledgerPath: string): string {
  return `None of the frames that ${ledgerPath} lists is in ${path}: the ledger belongs to another recording. Nothing was changed. Replace it with the right one, or remove it: repair then makes one without identities.`;
}

function outcome(
  path: string,
  { kept, damage, unlisted }: Survey,
  lost: readonly { from: number; to: number }[],
): { sentence: string } {
  const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const recovered = unlisted.filter((n) => n < kept.length).length;
  const told = [
    count === 0
      ? "none of the listed frames was lost"
      : `${count} listed ${count === 1 ? "frame was" : "frames were"} lost`,
    damage.length > 0 &&
      `${damage.length} ${damage.length === 1 ? "place" : "places"} of the file ${damage.length === 1 ? "is" : "are"} damaged: the ledger says which frames were there`,
    recovered > 0 && `${recovered} had no line in the ledger and have one now`,
  ].filter((one) => typeof one === "string");
  return { sentence: `${path}: repaired, with ${kept.length} frames; ${told.join("; ")}.` };
}
