import { now } from "../base/clock.ts";

const TOLD_AGAIN_MS = 60_000;
const MOST_REASONS = 20;

/** Reasons why something is not reached that is tried again every few seconds: each is told at once, and no more often than each minute. */
export class ToldReasons {
  readonly #told = new Map<string, number>();

  /** Whether it is to be told now. */
  isDue(reason: string): boolean {
    const toldAt = this.#told.get(reason) ?? Number.NEGATIVE_INFINITY;
    if (now() - toldAt < TOLD_AGAIN_MS) return false;
    if (this.#told.size >= MOST_REASONS) this.#told.clear();
    this.#told.set(reason, now());
    return true;
  }
}
