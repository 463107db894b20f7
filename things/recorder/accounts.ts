import { basename } from "node:path";
import { abortable, type Invocation } from "thingscope";
import { type RecordingCounts, verifyRecording } from "thingscope/recording";
import type { Progress, Verified } from "./schemas.ts";

/** What is to be known of a recording whose file is nowhere. */
export interface HowItEnded {
  readonly ended: string;
  readonly captured: number;
}

/** What the files that are written now have so far. */
export function progressOf({ going }: RecordingCounts): Progress[] {
  return going.map(({ path, written, lost, first, last, bytes }) => ({
    name: basename(path),
    frames: written,
    duration: first === undefined || last === undefined ? 0 : (last - first) / 1000,
    dropped: [...lost.values()].reduce((sum, count) => sum + count, 0),
    ...newestReason(lost),
    size: bytes,
  }));
}

function newestReason(lost: ReadonlyMap<string, number>): Pick<Progress, "why_dropped"> {
  const newest = [...lost.keys()].at(-1);
  return newest === undefined ? {} : { why_dropped: newest };
}

let counting: Promise<unknown> = Promise.resolve();

/**
 * A recount of a recording, for clients, who know files by their names. One file is read at a time, since each is read whole.
 * @throws {ThingError} as `verifyRecording`; the signal's reason while it waits.
 */
export function verified(path: string, name: string, run: Run): Promise<Verified> {
  const mine = counting.then(() => {
    run.signal.throwIfAborted();
    return recounted(path, name, run);
  });
  counting = mine.catch(() => {}); // told by the action
  return abortable(mine, run.signal); // one that waits is cancelled at once
}

/** What a file of another format is made of, until it is there. */
export function mkvOf(path: string): string {
  return path.replace(/\.(mp4|webm)$/i, ".mkv");
}

type Run = Pick<Invocation, "signal" | "progress">;

/** How often it is told how far it is. */
const TELLS = 100;

async function recounted(path: string, name: string, { signal, progress }: Run): Promise<Verified> {
  let told = 0;
  const onProgress = (fraction: number) => {
    if (fraction < (told + 1) / TELLS) return;
    told = Math.floor(fraction * TELLS);
    progress(fraction, `Verifying ${name}`);
  };
  const { ok, sentence, frames, missing, damaged, unlisted } = await verifyRecording(path, {
    signal,
    onProgress,
  });
  return {
    ok,
    sentence: sentence.replaceAll(path, name),
    frames,
    expected: frames + missing.length + damaged.length - unlisted,
    missing: missing.length,
    damaged: damaged.length,
    unlisted,
  };
}
