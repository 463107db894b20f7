import { dirname, resolve } from "node:path";
import { delay } from "../../base/abort.ts";
import type { DiskLane } from "../../base/disk-lane.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { folderKey } from "../../base/one-folder.ts";
import { shellWord } from "../../base/preview.ts";
import type { RecordingFiles } from "../files/recording-files.ts";
import type { LostFrames, RecordingSummary } from "../ledger/ledger.ts";
import type { RecordingDisk } from "./recording-disk.ts";

/** What is to be closed, and how it ended. */
interface ClosingOptions {
  readonly files: RecordingFiles;
  readonly disk: RecordingDisk;
  readonly lane: DiskLane;
  readonly ended: string;
  readonly refused: number;
  readonly log: Log;
}

/** Who stops a recording waits while this is tried, 7.4 s: a server that is told to end has ten. */
const SOON_MS = [0, 100, 300, 1000, 2000, 4000] as const;
/** Then it is tried again so often, for half an hour. */
const LATER_MS = 5000;
const LATER_TIMES = 360;
/** How many summaries are kept of recordings whose disk never took them. */
const MOST_KEPT = 100;

/** Recordings whose disk has not taken their end yet, by path. */
const unclosed = new Map<string, Unclosed>();

interface Unclosed {
  summary: RecordingSummary;
  /** Tries once more, and lets the files go. */
  readonly giveUp: () => Promise<void>;
  /** Adds to what its ledger is to list. @returns undefined when it is closed already. */
  readonly lose: (lost: readonly LostFrames[]) => Promise<RecordingSummary | undefined>;
}

/**
 * Closes a recording. A disk that fails is tried again; after some seconds the summary is told all the same, and the disk
 * tried again behind it, so that the ledger still gets what is known of frames that were never written.
 */
export async function closeRecording(options: ClosingOptions): Promise<RecordingSummary> {
  const { files, disk, lane, refused, log } = options;
  const gone = await lane.run(() => files.vanished());
  const ended = gone?.why ?? options.ended;
  if (gone && options.ended !== ended) log.error(`${files.path} is missing: ${ended}.`);
  if (gone?.isLost) {
    await files.close();
    return nothingOf(disk.summary(ended, refused));
  }
  const attempt = () => lane.run(() => disk.finish(ended, refused));
  let fault: unknown;
  for (const wait of SOON_MS) {
    await delay(wait);
    try {
      const summary = await attempt();
      await files.close();
      return summary;
    } catch (error) {
      fault = error;
    }
  }
  log.error(
    `${files.path} could not be closed (${messageOf(fault)}). The file can be played. Closing it will be retried for half an hour; after that, run: thingscope repair ${shellWord(files.path)}`,
  );
  const summary = disk.summary(ended, refused);
  keepTrying(options, summary, attempt);
  return summary;
}

/** What is to be said of a recording whose file nobody can read: none of its frames is anywhere. */
function nothingOf(summary: RecordingSummary): RecordingSummary {
  const { written, ended, dropped } = summary;
  const noTimes = { first: undefined, last: undefined, rate: undefined, longestGap: undefined };
  const lost = { ...dropped, [ended]: (dropped[ended] ?? 0) + written };
  return { ...summary, ...noTimes, written: 0, dropped: lost, bytes: 0 };
}

/** How a recording ended whose disk has not taken that yet; undefined for any other. */
export function unclosedSummary(path: string): RecordingSummary | undefined {
  return unclosed.get(resolve(path))?.summary;
}

/** Frames that belong to such a recording and came when it had failed. @returns how it ended now; undefined for any other. */
export async function loseInUnclosed(
  path: string,
  lost: readonly LostFrames[],
): Promise<RecordingSummary | undefined> {
  return unclosed.get(resolve(path))?.lose(lost);
}

/** Lets go of the recordings in a folder that could not be closed, after a last attempt: another process may have it now. */
export async function giveUpClosing(folder: string): Promise<void> {
  const key = folderKey(folder);
  const own = [...unclosed].filter(([path]) => folderKey(dirname(path)) === key);
  await Promise.all(own.map(([, { giveUp }]) => giveUp()));
}

function keepTrying(
  { files, disk, lane, ended, refused, log }: ClosingOptions,
  summary: RecordingSummary,
  attempt: () => Promise<RecordingSummary>,
): void {
  const path = resolve(files.path);
  let left = LATER_TIMES;
  let trying: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    trying = trying.then(() => tryAgain(left <= 1));
  }, LATER_MS).unref();
  const tryAgain = async (isLast: boolean): Promise<void> => {
    if (left <= 0) return; // it is closed, or was given up
    left -= 1;
    const isClosed = await attempt().then(
      () => true,
      () => false,
    );
    if (!isClosed && !isLast) return;
    left = 0;
    clearInterval(timer);
    await files.close();
    if (!isClosed)
      return log.error(`${path} could not be closed. Run: thingscope repair ${shellWord(path)}`);
    unclosed.delete(path);
    log.warn(`${path} is closed now: its disk works again.`);
  };
  const giveUp = () => trying.then(() => tryAgain(true));
  const lose = (lost: readonly LostFrames[]) =>
    lane.run(async () => {
      const entry = unclosed.get(path);
      if (left <= 0 || !entry) return undefined;
      disk.loseLate(lost);
      entry.summary = disk.summary(ended, refused);
      return entry.summary;
    });
  unclosed.set(path, { summary, giveUp, lose });
  if (unclosed.size > MOST_KEPT) unclosed.delete([...unclosed.keys()][0]!);
}

/** Removes the files of a recording that no frame was written to; what the disk says about it goes to the log. */
export async function removeEmpty(files: RecordingFiles, lane: DiskLane, log: Log): Promise<void> {
  const removing = lane.run(() => files.remove());
  await removing.catch((error) => {
    log.warn(`${files.path} is empty and could not be removed: ${messageOf(error)}`);
  });
}
