import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { FOREIGN_QUIET_MS, lifeOf } from "../../base/process-place.ts";
import { describeRecording, isClosed } from "../files/describe.ts";
import { isBeingRecorded } from "../files/recording-claims.ts";
import { recordedElsewhere } from "../files/recording-files.ts";
import type { LedgerHead } from "../ledger/ledger.ts";
import { findLedger, isMkv, undoPathOf } from "../ledger/video-names.ts";
import { settleFrameless } from "./frameless.ts";
import { repairRecording } from "./repair.ts";

/** How often a file that goes on changing is looked at before it is left alone. */
const MOST_LOOKS = 4;

/** How the recordings of a folder are repaired. */
interface RepairFolderOptions {
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each file that was repaired. */
  readonly onRepaired?: (path: string) => void;
  /** A file that changed less than this long ago may still be written by somebody: it is waited for, ms. */
  readonly quietMs?: number | undefined;
  /** The same for one whose writer this process cannot see, ms. */
  readonly doubtfulMs?: number | undefined;
}

/**
 * Repairs, one after the other, the recordings of a folder that were not closed, and says so in the log; their ledgers
 * say it too. What this process or another is recording to now is left alone. Never rejects for a file that cannot be repaired.
 */
export async function repairFolder(
  folder: string,
  options: RepairFolderOptions = {},
): Promise<void> {
  const { log = silentLog, signal, quietMs = 3000, doubtfulMs = FOREIGN_QUIET_MS } = options;
  const doubtful: string[] = [];
  const attempt = async (path: string, waitMs: number) => {
    if (signal?.aborted || isBeingRecorded(path)) return;
    try {
      const { head, summary } = await describeRecording(path);
      const isSure = summary !== undefined || waitMs >= doubtfulMs;
      if (!isSure && (await isDoubtful(path, head))) return void doubtful.push(path);
      if (await isDone(path)) return;
      if (!(await untilQuiet(path, waitMs, signal))) return;
      if (recordedElsewhere(path, head) !== undefined || isBeingRecorded(path)) return;
      const { repaired, sentence } = await repairRecording(path, { inBackground: true, signal });
      if (!repaired) return;
      log.warn(sentence);
      options.onRepaired?.(path);
    } catch (error) {
      if (signal?.aborted) return;
      if (!(await isDeleted(path))) await settle(path, error, log);
    }
  };
  const entries = await readdir(folder, { withFileTypes: true });
  const videos = entries.filter((entry) => entry.isFile() && isMkv(entry.name)); // whoever lists the folder tells of others
  for (const { name } of videos) await attempt(join(folder, name), quietMs);
  for (const path of doubtful) {
    const isQuiet = await untilQuiet(path, doubtfulMs, signal).catch(() => false);
    if (isQuiet) await attempt(path, doubtfulMs);
  }
}

/**
 * Whether somebody may record to it without this process seeing that: in another container, on another computer, or before the
 * first frame, which tells who it is. Whoever does changes the file again and again.
 */
async function isDoubtful(path: string, head: LedgerHead | undefined): Promise<boolean> {
  if (head?.process !== undefined) return lifeOf(head.process, path) === "unknown";
  return (await lstat(path)).size === 0;
}

/** A closed file has its ledger's summary, unless a repair of it was cut off. */
async function isDone(path: string): Promise<boolean> {
  const isInterrupted = await stat(undoPathOf(path)).then(
    () => true,
    () => false,
  );
  return !isInterrupted && (await isClosed(path));
}

async function settle(path: string, error: unknown, log: Log): Promise<void> {
  const told = isOfNoFrame(error) && (await settleFrameless(path).catch(() => undefined));
  log.warn(told || `${path} was not closed, and cannot be repaired: ${messageOf(error)}`);
}

function isOfNoFrame(error: unknown): boolean {
  return error instanceof ThingError && error.code === "BAD_RECORDING";
}

function isDeleted(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error) => error.code === "ENOENT",
  );
}

/**
 * Resolves with true when neither video nor ledger has changed for so long; with false when they go on changing. A time that is still to
 * come, where the clock was set back, says nothing: then it has to stay the same for as long.
 */
async function untilQuiet(path: string, quietMs: number, signal?: AbortSignal): Promise<boolean> {
  for (let [before, looks] = [Number.NaN, 0]; looks < MOST_LOOKS; looks++) {
    const times = await Promise.all(
      [path, await findLedger(path)].map((file) =>
        stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0, // no ledger
        ),
      ),
    );
    const newest = Math.max(...times);
    const wait = Math.min(newest + quietMs - Date.now(), quietMs);
    if (wait <= 0 || newest === before) return true;
    before = newest;
    await delay(wait, signal);
  }
  return false;
}
