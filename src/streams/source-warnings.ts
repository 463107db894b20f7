import { now } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** What fails again within this time is in the same trouble, ms. */
const TROUBLE_MS = 60_000;
/** A source may give a new reason each time. */
const MOST_STEMS = 16;

/** Logs why a source gives no frames: in one way again and again, ever more seldom, also where it gives frames in between. */
export class SourceWarnings {
  readonly #log: Log;
  /** How often it has failed in which way, since it last ran well for a while. */
  readonly #failures = new Map<string, number>();
  #failedAt = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  warn(reason: string): void {
    const stem = reason.replace(/[\d.]+/g, "");
    const isOver = now() - this.#failedAt > TROUBLE_MS || this.#failures.size >= MOST_STEMS;
    if (isOver) this.#failures.clear();
    const failures = (this.#failures.get(stem) ?? 0) + 1;
    this.#failures.set(stem, failures);
    this.#failedAt = now();
    if (Number.isInteger(Math.log2(failures))) this.#log.warn(`No frames: ${reason}`, { failures });
  }
}
