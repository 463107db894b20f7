import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ThingError } from "../../base/errors.ts";
import { holderOf, isOwn, processInWords } from "../../base/process-place.ts";
import { describeRecording } from "./describe.ts";
import { isBeingRecorded } from "./recording-claims.ts";

/**
 * Who records a file now, in words: the process that its ledger names, or, before its first frame, the server that has its folder and
 * has it open. Undefined when nobody does.
 */
export async function recorderOf(path: string): Promise<string | undefined> {
  const { head, summary } = await describeRecording(path);
  if (summary) return undefined;
  if (isBeingRecorded(path)) return "this process";
  const identity = head?.process ?? (await serverOf(dirname(path)));
  if (identity === undefined || isOwn(identity)) return undefined;
  return holderOf(path, identity) === undefined ? undefined : processInWords(identity);
}

/** What is to be said of a file that is being recorded. */
export function recordingSentence(path: string, who: string): string {
  return `${path} is being recorded by ${who}, which closes it when it ends. Stop the recording first, with stop_recording of its Recorder or by ending the process`;
}

/** @throws {ThingError} `LOCK_BUSY` while somebody records to it. @param what - Is to be done with it then. */
export async function assertNotRecorded(path: string, name: string, what: string): Promise<void> {
  const who = await recorderOf(path);
  if (who === undefined) return;
  throw new ThingError("LOCK_BUSY", `${recordingSentence(name, who)}, then ${what}.`);
}

async function serverOf(folder: string): Promise<string | undefined> {
  const lock = await readFile(join(folder, ".lock"), "latin1").catch(() => undefined);
  return lock?.split("\n")[0] || undefined;
}
