import { statfs } from "node:fs/promises";
import { ThingError } from "../../base/errors.ts";
import { rememberMount, unmounted } from "../../base/mounts.ts";
import { makeFolder } from "../../base/sync-folder.ts";

/** What `statfs` says of FAT. */
const FAT = 0x4d44;
/** The index of a file of 4 GiB, and what may wait to be written to it. */
const FILE_END_BYTES = 128 * 2 ** 20;

/** Makes a folder if it is not there. @throws {ThingError} `RECORDING_FAILED` when the disk that it was on is not mounted. */
export async function makeUsable(folder: string): Promise<void> {
  const why = await unmounted(folder);
  if (why) {
    const remedy = "Connect or mount it again, then start again.";
    throw new ThingError("RECORDING_FAILED", `Nothing can be recorded: ${why}. ${remedy}`);
  }
  await makeFolder(folder);
  await rememberMount(folder);
}

/** How large a file may become on the disk of a folder, bytes, as far as that is known before. Its end needs some room, too. */
export async function largestFileIn(folder: string): Promise<number> {
  const { type } = await statfs(folder);
  return type === FAT ? 2 ** 32 - FILE_END_BYTES : Number.POSITIVE_INFINITY;
}

/** How full a folder's disk is, bytes. */
export interface DiskRoom {
  readonly free: number;
  readonly total: number;
  /** What the recordings in the folder have together. */
  readonly recordings: number;
}
