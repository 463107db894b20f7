import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

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

async function bytesOfRecordings(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    if (!/\.(mkv|ledger\.jsonl)$/.test(name)) continue;
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0, // removed meanwhile
    );
  }
  return bytes;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
