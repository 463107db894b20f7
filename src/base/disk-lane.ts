import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ThingError } from "./errors.ts";
import { countedLimit } from "./limit-hits.ts";
import { meetFolder } from "./one-folder.ts";
import { makeFolder } from "./sync-folder.ts";

/** A disk that has not answered for this long hangs: nothing but recordings waits for it any more. */
const HANGS_AFTER_MS = 5000;
/** Nothing is read beside a write that takes longer than this: the sync of a slow card does not, a disk that is about to hang does. */
const SLOW_AFTER_MS = 1000;
const LOOK_EVERY_MS = 500;
/** How many wait to read from one disk. */
const MOST_WAITING = 1000;

const hangsLimit = countedLimit("disk_hangs");
const readersLimit = countedLimit("disk_readers");

/**
 * What is asked of one disk: one thing at a time that writes, and one beside it that reads. Whatever is asked of a disk goes through
 * here, so one that stalls holds one of libuv's four threads for recordings, however many, and one for all who list, look and
 * download; the others are left for encodes and settings.
 */
export class DiskLane {
  readonly #writes = new Turns();
  readonly #reads = new Turns();
  /** How whoever reads, or waits for that, is told that the disk hangs. */
  readonly #readers = new Set<(error: ThingError) => void>();
  readonly #hangsAfterMs: number;
  #looking: ReturnType<typeof setInterval> | undefined;

  /** @param hangsAfterMs - A disk that has not answered for so long hangs. */
  constructor(hangsAfterMs = HANGS_AFTER_MS) {
    this.#hangsAfterMs = hangsAfterMs;
  }

  /** What `work` settles to, once everything asked before has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#writes.take(work);
  }

  /**
   * The same for what need not be had.
   * @throws {ThingError} `NOT_READY` when the disk hangs, or as soon as it does, or too many wait.
   */
  async read<T>(work: () => Promise<T>): Promise<T> {
    if (this.hungMs > 0) throw this.#hangs();
    if (this.#readers.size >= MOST_WAITING) {
      readersLimit.hit();
      throw tooMany();
    }
    return new Promise<T>((resolve, reject) => {
      this.#readers.add(reject);
      this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
      const turn = this.#reads.take(async () => {
        if (this.#writes.currentMs > SLOW_AFTER_MS) await this.#writes.current;
        if (this.#readers.has(reject)) return work();
        throw this.#hangs();
      });
      turn.then(resolve, reject).finally(() => this.#forget(reject));
    });
  }

  /** How long the disk has not answered, ms; 0 while it does. */
  get hungMs(): number {
    const ms = Math.max(this.#writes.currentMs, this.#reads.currentMs);
    return ms > this.#hangsAfterMs ? ms : 0;
  }

  #look(): void {
    if (this.hungMs === 0) return;
    for (const refuse of this.#readers) {
      refuse(this.#hangs());
      this.#forget(refuse);
    }
  }

  #forget(reader: (error: ThingError) => void): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #hangs(): ThingError {
    hangsLimit.hit();
    const seconds = Math.round(this.hungMs / 1000);
    return new ThingError("NOT_READY", `The disk has not answered for ${seconds} s. ${REMEDY}`);
  }
}

/** One thing after the other. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #since: number | undefined;

  /** Settles when all that was asked for has ended. */
  get current(): Promise<unknown> {
    return this.#last;
  }

  /** How long what is being done now has taken, ms; 0 when that is nothing. */
  get currentMs(): number {
    return this.#since === undefined ? 0 : performance.now() - this.#since;
  }

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      this.#since = performance.now();
      return work();
    });
    const over = () => {
      this.#since = undefined;
    };
    this.#last = turn.then(over, over);
    return turn;
  }
}

const REMEDY =
  "The drive is failing, or the file server cannot be reached: check its cable or network, then try again.";

const lanes = new Map<number, DiskLane>();
/** By folder. */
const known = new Map<string, DiskLane>();
const laneOfFolder = new Map<string, Promise<DiskLane>>();
/** For the question which disk a folder is on: it may hang, too. */
const unknownDisks = new DiskLane();

/** The lane of the disk that `folder` is on. The folder is made when it is not there. */
export function laneOf(folder: string): Promise<DiskLane> {
  const begun = laneOfFolder.get(folder);
  if (begun) return begun;
  const found = unknownDisks.run(async () => {
    await makeFolder(folder);
    return look(folder);
  });
  laneOfFolder.set(folder, found);
  found.catch(() => laneOfFolder.delete(folder));
  return found;
}

/** The lane of the disk that a file is on. @throws {ThingError} `NOT_READY` when that hangs; ENOENT where there is no folder. */
export async function laneAt(path: string): Promise<DiskLane> {
  const folder = dirname(resolve(path));
  return known.get(folder) ?? unknownDisks.read(() => look(folder));
}

/** A folder on a disk that does not answer. */
export interface HungFolder {
  readonly folder: string;
  /** For how long it has not. */
  readonly ms: number;
}

export function hungSentence({ folder, ms }: HungFolder): string {
  return `The disk of ${folder} has not answered for ${Math.round(ms / 1000)} s: check its cable or network.`;
}

/** Those whose disks do not answer. */
export function hungFolders(): HungFolder[] {
  return [...known].flatMap(([folder, { hungMs: ms }]) => (ms > 0 ? [{ folder, ms }] : []));
}

async function look(folder: string): Promise<DiskLane> {
  const { dev } = await stat(folder);
  await meetFolder(folder);
  const lane = lanes.get(dev) ?? new DiskLane();
  lanes.set(dev, lane);
  known.set(folder, lane);
  return lane;
}

function tooMany(): ThingError {
  return new ThingError(
    "NOT_READY",
    `${MOST_WAITING} other requests wait to read from this disk. Try again later.`,
  );
}
