import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { now } from "../../base/clock.ts";
import type { DiskLane } from "../../base/disk-lane.ts";

/** What of a folder counts: recordings in every format with their ledgers, stills, manifests, and what is being made of them. */
const COUNTED = /\.(mkv|mp4|webm|jpg|ledger\.jsonl|manifest\.json|part|new)$/i;
/** Files that this process did not write are noticed within this, ms; */
const LOOK_EVERY_MS = 2000;
/** and how large they have become within this, ms. */
const MEASURE_EVERY_MS = 60_000;
/** So many files are measured in one turn on the disk's lane: what is to be written comes between. */
const IN_ONE_TURN = 50;

/**
 * How many bytes the recordings of a folder have, known without looking at each: who writes them tells, and only what others
 * have put there, or have removed, is looked for from time to time.
 */
export class FolderSizes {
  readonly #folder: string;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  #looking: Promise<void> | undefined;
  #looked = { at: Number.NEGATIVE_INFINITY, as: "" };
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A file has this many bytes now. @returns by how many more than before. */
  set(path: string, bytes: number): number {
    const name = basename(path);
    if (!COUNTED.test(name)) return 0;
    const more = bytes - (this.#sizes.get(name) ?? 0);
    this.#sizes.set(name, bytes);
    this.#bytes += more;
    return more;
  }

  /** A file is gone. */
  forget(path: string): void {
    const name = basename(path);
    this.#bytes -= this.#sizes.get(name) ?? 0;
    this.#sizes.delete(name);
  }

  /**
   * Looks for what others have done, if it is time: at once the first time. Rejects when the folder cannot be read.
   * @param isUrgent - It is time for what others have added or removed, since something depends on it.
   */
  look(lane: DiskLane, isUrgent = false): Promise<void> {
    this.#looking ??= this.#look(lane, isUrgent).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(lane: DiskLane, isUrgent: boolean): Promise<void> {
    if (!isUrgent && now() - this.#looked.at < LOOK_EVERY_MS) return;
    const isMeasured = now() - this.#measuredAt < MEASURE_EVERY_MS;
    const { mtimeMs, ino } = await lane.read(() => stat(this.#folder));
    const as = `${ino} ${mtimeMs}`;
    const isSame = as === this.#looked.as;
    this.#looked = { at: now(), as };
    if (isSame && isMeasured) return;
    const names = (await lane.read(() => readdir(this.#folder))).filter((one) => COUNTED.test(one));
    const there = new Set(names);
    for (const name of this.#sizes.keys()) if (!there.has(name)) this.forget(name);
    const wanted = isMeasured ? names.filter((name) => !this.#sizes.has(name)) : names;
    for (let at = 0; at < wanted.length; at += IN_ONE_TURN) {
      await lane.read(() => this.#measure(wanted.slice(at, at + IN_ONE_TURN)));
    }
    if (!isMeasured) this.#measuredAt = now();
  }

  async #measure(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const found = await lstat(join(this.#folder, name)).catch(() => undefined); // removed meanwhile
      if (found?.isFile()) this.set(name, found.size);
      else this.forget(name);
    }
  }
}
