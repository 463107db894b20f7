import { constants, copyFile, open, realpath, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { moveUnlessTaken } from "../../base/move-unless-taken.ts";
import { syncFile, syncFolder } from "../../base/sync-folder.ts";
import {
  findLedger,
  isThere,
  ledgerPathOf,
  siblingsOf,
  withExtension,
} from "../ledger/video-names.ts";
import { exportsOf } from "./describe.ts";
import { noteRemoved, noteSizeOf } from "./folder-room.ts";
import { draftOf, type NameTaker } from "./free-name.ts";

/**
 * Gives what is made of a recording a ledger under its own name, whatever that is: beside the recording and called as it is, it has the
 * recording's; anywhere else it gets a copy. A name under which there is another recording, or the ledger of one, counts as taken.
 */
export function withLedgerOf(recording: string): NameTaker {
  return async (path) => {
    const ledger = await findLedger(await realpath(recording));
    if (resolve(await findLedger(path)) === resolve(ledger)) return { release: async () => {} };
    const own = ledgerPathOf(path);
    const others = (await siblingsOf(path)).filter((one) => resolve(one) !== resolve(path));
    if (others.length > 0 || (await isThere(own))) return undefined;
    if (!(await isThere(ledger))) return { release: async () => {} };
    return (await copyUnlessTaken(ledger, own)) ? { release: () => removed(own) } : undefined;
  };
}

/** The ledger of a video: its own, or, of one that was made before each had one, that of the recording which names it. */
export async function ledgerOfExport(path: string): Promise<string> {
  const own = await findLedger(path);
  if (await isThere(own)) return own;
  const recording = withExtension(path, "mkv").replace(/-\d+\.mkv$/, ".mkv");
  const names = (await exportsOf(recording)).map((one) => resolve(one));
  return names.includes(resolve(path)) ? findLedger(recording) : own;
}

async function copyUnlessTaken(ledger: string, own: string): Promise<boolean> {
  const draft = draftOf(own);
  try {
    await copyFile(ledger, draft, constants.COPYFILE_FICLONE);
    const copy = await open(draft, "r+");
    await syncFile(copy).finally(() => copy.close());
    if (!(await moveUnlessTaken(draft, own))) return false;
    await noteSizeOf(own);
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removed(own: string): Promise<void> {
  await rm(own, { force: true });
  noteRemoved(own);
  await syncFolder(dirname(own));
}
