import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ThingError } from "../base/errors.ts";
import { makeFolder } from "../base/folders.ts";
import { rememberMount, unmounted } from "../base/mounts.ts";

/** What `statfs` says of FAT. */
const FAT = 0x4d44;
/** The index of a file of 4 GiB, and what may wait to be written to it. */
const FILE_END_BYTES = 128 * 2 ** 20;

/** How much of a disk recordings may take. */
export interface RoomLimits {
  /** Bytes that stay free on the disk. */
  readonly reserveBytes: number;
  /** Bytes that the recordings in the folder may have together. */
  readonly quotaBytes: number;
}

/**
 * Why recording must end, in a few words; undefined while there is room.
 * @param waitingBytes - What will be written anyway.
 */
export async function lackOfRoom(
  folder: string,
  { reserveBytes, quotaBytes }: RoomLimits,
  waitingBytes: number,
): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - waitingBytes < reserveBytes) {
    return `the disk has less than its reserve of ${megabytes(reserveBytes)} free`;
  }
  if (!Number.isFinite(quotaBytes)) return undefined;
  const isOver = (await bytesOfRecordings(folder)) + waitingBytes > quotaBytes;
  return isOver ? `the quota of ${megabytes(quotaBytes)} is used up` : undefined;
}

/** Makes a folder if it is not there. @throws {ThingError} `RECORDING_FAILED` when the disk that it was on is not mounted. */
export async function makeUsable(folder: string): Promise<void> {
  const why = await unmounted(folder);
  if (why) {
    const remedy = "Put it in again, or look why it went away; then start again.";
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

/** How full the disk of a folder is, and how much of that its recordings have. */
export async function roomIn(folder: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const recordings = await bytesOfRecordings(folder);
  return { free: bavail * bsize, total: blocks * bsize, recordings };
}

async function bytesOfRecordings(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    if (!/\.(mkv|mp4|webm|ledger\.jsonl)$/.test(name)) continue;
    bytes += await lstat(join(folder, name)).then(
      ({ size }) => size,
      () => 0, // removed meanwhile
    );
  }
  return bytes;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
