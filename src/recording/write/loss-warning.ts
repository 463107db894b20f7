import { now } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";

const WARN_EVERY_MS = 1000;

/** Says in the log how many frames a recording lacks, once in a while. */
export class LossWarning {
  readonly #path: string;
  readonly #log: Log;
  #told = { at: Number.NEGATIVE_INFINITY, lost: 0 };

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** @param lost - Frames that are not in the file, so far. */
  look(lost: number): void {
    const isNews = lost > this.#told.lost && now() - this.#told.at >= WARN_EVERY_MS;
    if (!isNews) return;
    const more = lost - this.#told.lost;
    this.#log.warn(
      `${this.#path} has lost ${more} more frames, ${lost} in total. Its ledger says which, and why.`,
    );
    this.#told = { at: now(), lost };
  }
}
