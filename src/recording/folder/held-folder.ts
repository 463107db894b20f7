import { stat } from "node:fs/promises";
import { join } from "node:path";
import { stopped } from "../../base/abort.ts";
import { DiskLane } from "../../base/disk-lane.ts";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { meetFolder } from "../../base/one-folder.ts";
import { FolderLock } from "../../core/folder-lock.ts";
import { FileStore } from "../../files/file-store.ts";
import { resumeExports } from "../export/resume-exports.ts";
import { makeUsable } from "../files/disk-room.ts";
import { cutOffExports } from "../files/exports-under-way.ts";
import type { RoomLimits } from "../files/folder-room.ts";
import { removeAbandonedDrafts } from "../files/free-name.ts";
import { repairFolder } from "../repair/repair-folder.ts";
import { giveUpClosing } from "../write/closing.ts";

/** The folders that this process holds, by their key. */
const held = new Map<string, Promise<HeldFolder>>();

/**
 * A folder of recordings that this process holds, however many of its recorders share it. The first one of them has what a
 * crash left behind put in order, once.
 */
export class HeldFolder {
  /** What is in it, for all who list it, by the kind of file. */
  readonly #stores = new Map<string, FileStore>();
  /** Looks at its files and removals, one after the other: an older look does not win, and none finds what is being removed. */
  readonly looks = new DiskLane();
  /** Files in it that cannot be listed, of which the log has been told. */
  readonly unlisted = new Set<string>();
  /** As it was called by who took it first, and so by all. */
  readonly folder: string;
  readonly #key: string;
  readonly #lock: FolderLock;
  readonly #releasing = new AbortController();
  readonly #listeners = new Set<(path: string) => void>();
  #repairing: Promise<void> = Promise.resolve();
  #resuming: Promise<void> = Promise.resolve();
  #holders = 0;

  private constructor(folder: string, key: string) {
    this.folder = folder;
    this.#key = key;
    this.#lock = new FolderLock(folder, inUse);
  }

  /**
   * Makes the folder if it is not there, and holds it until it is released as often as it was taken.
   * @param room - What exports that are resumed leave free.
   * @throws {ThingError} `RECORDING_FAILED` when it cannot be used, or another process holds it.
   */
  static async take(folder: string, log: Log, room?: RoomLimits): Promise<HeldFolder> {
    try {
      await makeUsable(folder);
      return await HeldFolder.#takeBy(await meetFolder(folder), folder, log, room);
    } catch (cause) {
      if (cause instanceof ThingError) throw cause;
      const why = `${folder} cannot be recorded to: ${reasonOf(cause)}.`;
      throw new ThingError("RECORDING_FAILED", why, { cause });
    }
  }

  static async #takeBy(key: string, folder: string, log: Log, room?: RoomLimits) {
    const known = held.get(key) ?? new HeldFolder(folder, key).#open(log);
    held.set(key, known);
    try {
      const one = await known;
      one.#holders += 1;
      one.#resume(log, room);
      return one;
    } catch (cause) {
      held.delete(key);
      throw cause;
    }
  }

  /** What is in it of a kind: one list, however many show it. */
  files(kind: string): FileStore {
    const store = this.#stores.get(kind) ?? new FileStore();
    this.#stores.set(kind, store);
    return store;
  }

  /** Resolves when all that was not closed is repaired, or cannot be. */
  get repaired(): Promise<void> {
    return this.#repairing;
  }

  /** Resolves when all that was cut off is made of its recordings, or cannot be. */
  get resumed(): Promise<void> {
    return this.#resuming;
  }

  /** Calls `listener` with each file that was repaired. */
  onRepaired(listener: (path: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async release(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    held.delete(this.#key);
    this.#releasing.abort(stopped(`Recording to ${this.folder} has ended.`));
    await Promise.all([this.#repairing, this.#resuming, cutOffExports(this.folder)]);
    await giveUpClosing(this.folder);
    await this.#lock.release();
  }

  async #open(log: Log): Promise<HeldFolder> {
    await this.#lock.take(log);
    await this.#removeDrafts();
    const repairing = repairFolder(this.folder, {
      log,
      signal: this.#releasing.signal,
      onRepaired: (path) => {
        for (const listener of [...this.#listeners]) listener(path);
      },
    });
    this.#repairing = repairing.catch((error) => {
      log.error(`Recordings in ${this.folder} could not be repaired: ${messageOf(error)}`);
    });
    return this;
  }

  /** Each recorder that comes may have cut off what it made before. */
  #resume(log: Log, room: RoomLimits | undefined): void {
    const { signal } = this.#releasing;
    this.#resuming = Promise.all([this.#repairing, this.#resuming])
      .then(() => (signal.aborted ? undefined : resumeExports(this.folder, { log, signal, room })))
      .catch((error) => {
        log.error(`Exports in ${this.folder} could not be resumed: ${messageOf(error)}`);
      });
  }

  /** What a process that was killed had not given its name yet. */
  async #removeDrafts(): Promise<void> {
    const { mtimeMs } = await stat(join(this.folder, ".lock")); // on the clock of the disk's files
    await removeAbandonedDrafts(this.folder, mtimeMs);
  }
}

function inUse(folder: string, holder: string): ThingError {
  return new ThingError(
    "RECORDING_FAILED",
    `Another server, ${holder}, is recording to ${folder}. Stop it, or give this server a folder of its own.`,
  );
}
