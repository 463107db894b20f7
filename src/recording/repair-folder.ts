import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { describeRecording, isClosed } from "./describe.ts";
import { settleFrameless } from "./frameless.ts";
import { ledgerPathOf } from "./ledger.ts";
import { isBeingRecorded } from "./recording-claims.ts";
import { recordedElsewhere } from "./recording-files.ts";
import { repairRecording } from "./repair.ts";
import { undoPathOf } from "./repair-undo.ts";

/** How the recordings of a folder are repaired. */
export interface RepairFolderOptions {
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each file that was repaired. */
  readonly onRepaired?: (path: string) => void;
  /** A file that changed less than this long ago may still be written by somebody: it is waited for, ms. */
  readonly quietMs?: number | undefined;
}

/**
 * Repairs, one after the other, the recordings of a folder that were not closed, and says so in the log; their ledgers
 * say it too. What this process or another is recording to now is left alone. Never rejects for a file that cannot be repaired.
 */
export async function repairFolder(
  folder: string,
  { log = silentLog, signal, onRepaired = () => {}, quietMs = 3000 }: RepairFolderOptions = {},
): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mkv"));
  for (const path of names.map((name) => join(folder, name))) {
    if (signal?.aborted) return;
    try {
      if (isBeingRecorded(path) || (await isDone(path))) continue;
      const { head } = await describeRecording(path);
      if (recordedElsewhere(path, head) !== undefined) continue;
      await untilQuiet(path, quietMs, signal);
      const { repaired, sentence } = await repairRecording(path);
      if (!repaired) continue;
      log.warn(sentence);
      onRepaired(path);
    } catch (error) {
      if (signal?.aborted) return;
      if (!(await isDeleted(path))) await settle(path, error, log);
    }
  }
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

/** A time that is still to come, where the clock was set back, says nothing: then it has to stay the same for as long. */
async function untilQuiet(path: string, quietMs: number, signal?: AbortSignal): Promise<void> {
  for (let before = Number.NaN; ; ) {
    const times = await Promise.all(
      [path, ledgerPathOf(path)].map((file) =>
        stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0, // no ledger
        ),
      ),
    );
    const newest = Math.max(...times);
    const wait = Math.min(newest + quietMs - Date.now(), quietMs);
    if (wait <= 0 || newest === before) return;
    before = newest;
    await delay(wait, signal);
  }
}
