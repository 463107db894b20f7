import { stat } from "node:fs/promises";
import { makeFolder } from "./folders.ts";

/**
 * One thing at a time on one disk. Whatever a recording asks of a disk goes through here, so a disk that stalls holds
 * one of libuv's four threads, however many files are written to it; the others are left for encodes and settings.
 */
export class DiskLane {
  #last: Promise<unknown> = Promise.resolve();

  /** What `work` settles to, once everything asked before has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

const lanes = new Map<number, DiskLane>();
const laneOfFolder = new Map<string, Promise<DiskLane>>();
const unknownDisks = new DiskLane();

/** The lane of the disk that `folder` is on. The folder is made when it is not there. */
export function laneOf(folder: string): Promise<DiskLane> {
  const known = laneOfFolder.get(folder);
  if (known) return known;
  const found = unknownDisks.run(async () => {
    await makeFolder(folder);
    const { dev } = await stat(folder);
    const lane = lanes.get(dev) ?? new DiskLane();
    lanes.set(dev, lane);
    return lane;
  });
  laneOfFolder.set(folder, found);
  found.catch(() => laneOfFolder.delete(folder));
  return found;
}
