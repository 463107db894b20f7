import { stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type DiskLane, laneOf } from "../../base/disk-lane.ts";
import { folderKey } from "../../base/one-folder.ts";
import { FolderSizes } from "./folder-sizes.ts";

/** How much of a disk recordings may take. */
export interface RoomLimits {
  /** Bytes that stay free on the disk. */
  readonly reserveBytes: number;
  /** Bytes that the recordings in the folder may have together. */
  readonly quotaBytes: number;
}

/** Somebody who writes into a folder. */
export interface RoomUser {
  readonly room: RoomLimits;
  /** Bytes that wait for the disk, and will be written whatever is said. */
  readonly waitingBytes: () => number;
  /** Called with the reason, a few words, when there is no more room for it. */
  readonly onLack: (why: string) => void;
}

const rooms = new Map<string, FolderRoom>();

/**
 * The room in a folder, and on its disk, for all who write there in this process: what one of them writes is known to the others
 * at once, and what waits to be written by any of them counts for all.
 */
export class FolderRoom {
  readonly #folder: string;
  readonly #key: string;
  readonly #sizes: FolderSizes;
  readonly #users = new Set<RoomUser>();
  #holders = 0;
  #lane: DiskLane | undefined;
  /** What was free at the last look, less what this process has written to it since. */
  #free = Number.POSITIVE_INFINITY;

  private constructor(folder: string, key: string) {
    this.#folder = folder;
    this.#key = key;
    this.#sizes = new FolderSizes(folder);
  }

  /** The one of a folder, which has been met (`meetFolder`, `laneOf`), until it is released as often as it was taken. */
  static take(folder: string): FolderRoom {
    const key = folderKey(folder);
    const room = rooms.get(key) ?? new FolderRoom(resolve(folder), key);
    rooms.set(key, room);
    room.#holders += 1;
    return room;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) rooms.delete(this.#key);
  }

  /** @returns how to end that. */
  use(user: RoomUser): () => void {
    this.#users.add(user);
    return () => void this.#users.delete(user);
  }

  /** Bytes free on the disk, bytes of the disk, and bytes of the recordings in the folder; rejects when the disk does not say. */
  async measure(): Promise<{ free: number; total: number; recordings: number }> {
    const lane = await this.#findLane();
    const { bavail, blocks, bsize } = await lane.read(() => statfs(this.#folder));
    this.#free = bavail * bsize;
    await this.#sizes.look(lane);
    return { free: this.#free, total: blocks * bsize, recordings: this.#sizes.bytes };
  }

  /** Looks whether there is room for so many bytes more. @returns why there is none, in a few words. */
  async lackNow(limits: RoomLimits, moreBytes = 0): Promise<string | undefined> {
    const lane = await this.#findLane();
    const { bavail, bsize } = await lane.run(() => statfs(this.#folder));
    this.#free = bavail * bsize;
    if (!Number.isFinite(limits.quotaBytes)) return this.lack(limits, moreBytes);
    await this.#sizes.look(lane);
    if (this.lack(limits, moreBytes)) await this.#sizes.look(lane, true); // somebody may have made room
    return this.lack(limits, moreBytes);
  }

  /** The same by the last look and what was written since. */
  lack(limits: RoomLimits, moreBytes = 0): string | undefined {
    const onDisk = this.#onDisk.reduce((sum, one) => sum + one.#waitingBytes, moreBytes);
    return this.#lackOf(limits, onDisk, this.#waitingBytes + moreBytes);
  }

  /** The same whatever waits, for who is about to write so many bytes. */
  writtenLack(limits: RoomLimits, bytes: number): string | undefined {
    return this.#lackOf(limits, bytes, bytes);
  }

  /** How many bytes that is. */
  left({ reserveBytes, quotaBytes }: RoomLimits): number {
    return Math.max(0, Math.min(this.#free - reserveBytes, quotaBytes - this.#sizes.bytes));
  }

  #lackOf(
    { reserveBytes, quotaBytes }: RoomLimits,
    onDisk: number,
    inFolder: number,
  ): string | undefined {
    if (this.#free - onDisk < reserveBytes) {
      return `the disk has less than its reserve of ${megabytes(reserveBytes)} free`;
    }
    const isOver = this.#sizes.bytes + inFolder > quotaBytes;
    return isOver ? `the quota of ${megabytes(quotaBytes)} is used up` : undefined;
  }

  /** A file in the folder has so many bytes now. */
  wrote(path: string, bytes: number): void {
    const more = Math.max(0, this.#sizes.set(path, bytes));
    for (const one of this.#onDisk) one.#free -= more;
  }

  removed(path: string): void {
    this.#sizes.forget(path);
  }

  /** The folders on the same disk, this one among them. */
  get #onDisk(): FolderRoom[] {
    return [...rooms.values()].filter((one) => one === this || one.#lane === this.#lane);
  }

  get #waitingBytes(): number {
    let sum = 0;
    for (const { waitingBytes } of this.#users) sum += waitingBytes();
    return sum;
  }

  async #findLane(): Promise<DiskLane> {
    this.#lane = await laneOf(this.#folder);
    return this.#lane;
  }
}

/** Says to all who write into its folder how large a file has become. */
export function noteSize(path: string, bytes: number): void {
  roomOf(path)?.wrote(path, bytes);
}

/** The same of a file that was written by somebody else, e.g. a program. */
export async function noteSizeOf(path: string): Promise<void> {
  const room = roomOf(path);
  const found = room && (await stat(path).catch(() => undefined)); // gone already
  if (found) room.wrote(path, found.size);
}

/** Says that a file is gone. */
export function noteRemoved(path: string): void {
  roomOf(path)?.removed(path);
}

function roomOf(path: string): FolderRoom | undefined {
  return rooms.get(folderKey(dirname(path)));
}

function megabytes(bytes: number): string {
  return `${bytes < 10e6 ? Math.round(bytes / 1e4) / 100 : Math.round(bytes / 1e6)} MB`;
}
