import { delay } from "../base/abort.ts";

const FIRST_MS = 250;
const LONGEST_MS = 5000;

/** Waits between attempts to connect again: 0.25 s at first, twice as long each time, 5 s at most. */
export class Backoff {
  /** A server may ask for longer waits. */
  leastMs = FIRST_MS;
  #nextMs = 0;

  /** An attempt has succeeded: the next wait is short again. */
  reset(): void {
    this.#nextMs = 0;
  }

  /** @throws the signal's reason when it aborts. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = Math.max(this.leastMs, this.#nextMs);
    this.#nextMs = Math.min(LONGEST_MS, 2 * ms);
    await delay(ms, signal);
  }
}
