import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ThingError } from "./errors.ts";
import { makeFolder } from "./folders.ts";

/** A disk that has not answered for this long hangs: nothing but recordings waits for it any more. */
const HANGS_AFTER_MS = 5000;
/** How many wait to read from one disk. */
const MOST_WAITING = 1000;

interface Turn {
  readonly take: () => Promise<void>;
  /** Of one that need not be had. */
  readonly refuse?: (error: ThingError) => void;
}

/**
 * One thing at a time on one disk. Whatever is asked of a disk goes through here, so a disk that stalls holds one of
 * libuv's four threads, however many files are written to it and read from it; the others are left for encodes and settings.
 * What is written goes before what is read.
 */
export class DiskLane {
  #writes: Turn[] = [];
  #reads: Turn[] = [];
  #current: Turn | undefined;
  #since: number | undefined;

  /** What `work` settles to, once everything asked before has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ take: () => work().then(resolve, reject) });
      this.#begin();
    });
  }

  /**
   * The same for what may come after all writes, and need not be had.
   * @throws {ThingError} `NOT_READY` when the disk hangs, or as soon as it does, or too many wait.
   */
  read<T>(work: () => Promise<T>): Promise<T> {
    if (this.hungMs > 0) return Promise.reject(this.#hangs());
    if (this.#reads.length >= MOST_WAITING) return Promise.reject(tooMany());
    return new Promise<T>((resolve, reject) => {
      this.#reads.push({ take: () => work().then(resolve, reject), refuse: reject });
      this.#begin();
    });
  }

  /** How long the disk has not answered, ms; 0 while it does. */
  get hungMs(): number {
    const ms = this.#since === undefined ? 0 : performance.now() - this.#since;
    return ms > HANGS_AFTER_MS ? ms : 0;
  }

  #begin(): void {
    if (!this.#current) void this.#takeTurns();
  }

  async #takeTurns(): Promise<void> {
    for (;;) {
      const turn = this.#writes.shift() ?? this.#reads.shift();
      this.#current = turn;
      if (!turn) break;
      this.#since = performance.now();
      const patience = setTimeout(() => this.#refuseReads(), HANGS_AFTER_MS + 1);
      patience.unref();
      await turn.take();
      clearTimeout(patience);
    }
    this.#since = undefined;
  }

  #refuseReads(): void {
    const hangs = this.#hangs();
    this.#current?.refuse?.(hangs);
    for (const { refuse } of this.#reads.splice(0)) refuse?.(hangs);
  }

  #hangs(): ThingError {
    return new ThingError(
      "NOT_READY",
      `The disk has not answered for ${inSeconds(this.hungMs)}. ${REMEDY}`,
    );
  }
}

const REMEDY =
  "It is a drive that fails, or a server of files that is gone: look at its cable or network, then ask again.";

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

/** Folders on disks that do not answer, and for how long they have not, ms. */
export function hungFolders(): { folder: string; ms: number }[] {
  return [...known].flatMap(([folder, { hungMs: ms }]) => (ms > 0 ? [{ folder, ms }] : []));
}

async function look(folder: string): Promise<DiskLane> {
  const { dev } = await stat(folder);
  const lane = lanes.get(dev) ?? new DiskLane();
  lanes.set(dev, lane);
  known.set(folder, lane);
  return lane;
}

function tooMany(): ThingError {
  return new ThingError(
    "NOT_READY",
    `${MOST_WAITING} others wait to read from this disk. Ask again later.`,
  );
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
