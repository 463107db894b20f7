import { unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ignoreMissing } from "../../base/errors.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import {
  FORMATS,
  findLedger,
  siblingsOf,
  undoPathOf,
  withExtension,
} from "../ledger/video-names.ts";
import { exportsOf } from "./describe.ts";
import { takeBackExports } from "./exports-under-way.ts";
import { noteRemoved } from "./folder-room.ts";
import { forgetPosters } from "./posters.ts";
import { claimRecording, isBeingRecorded } from "./recording-claims.ts";

/**
 * Removes a file of a recording, and then the ledger, unless that belongs to the same in another format, too. What is not there is
 * no fault.
 * What waits to be made of it is taken back.
 * @throws {ThingError} `LOCK_BUSY` while this process records, converts, exports or repairs it, or removes it already.
 */
export async function removeRecording(path: string): Promise<void> {
  const release = await claimRemoval(path);
  await unlinkRecording(path).finally(release);
}

/**
 * Removes a recording with everything that was made of it: MKV, MP4, WebM, ledger.
 * @returns the paths that are gone.
 * @throws {ThingError} `LOCK_BUSY` as `removeRecording`.
 */
export async function removeWholeRecording(path: string): Promise<string[]> {
  const release = claimRecording(path, "removing");
  try {
    const ledger = await findLedger(path);
    const made = await exportsOf(path);
    const own = await videosOf(ledger, path);
    const usual = FORMATS.map((format) => withExtension(path, format));
    const all = [...new Set([path, ...usual, ...own, ...made].map((one) => resolve(one)))];
    const copies = new Map<string, string>();
    for (const one of made) copies.set(await findLedger(one), one);
    copies.delete(ledger);
    for (const one of all) await unlinkVideo(one);
    await syncFolder(dirname(path));
    for (const [copy, one] of copies) {
      if ((await videosOf(copy, one)).length === 0) await unlinkIfThere(copy);
    }
    await unlinkIfThere(ledger); // last: no video is left without one
    return all;
  } finally {
    release();
  }
}

/** What only waits to be made of it is not made any more. */
async function claimRemoval(path: string): Promise<() => void> {
  try {
    return claimRecording(path, "removing");
  } catch (busy) {
    if (isBeingRecorded(path) || !(await takeBackExports(path))) throw busy;
    return claimRecording(path, "removing");
  }
}

/** `removeRecording` for whoever has the recording. */
export async function unlinkRecording(path: string): Promise<void> {
  const ledger = await findLedger(path);
  await unlinkVideo(path);
  await syncFolder(dirname(path));
  if ((await videosOf(ledger, path)).length === 0) await unlinkIfThere(ledger);
}

/** The videos that have this ledger, as one of them is called. */
async function videosOf(ledger: string, path: string): Promise<string[]> {
  const found = await Promise.all(
    (await siblingsOf(path)).map(async (one) => ((await findLedger(one)) === ledger ? one : [])),
  );
  return found.flat();
}

/** With what is kept of it beside it. */
async function unlinkVideo(path: string): Promise<void> {
  await unlinkIfThere(path);
  await unlinkIfThere(undoPathOf(path)); // of a repair that was cut off
  forgetPosters(path);
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing);
  noteRemoved(path);
}
