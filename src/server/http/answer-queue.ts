import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** What large answers may take of the event loop at once, ms, and how much of its time from then on. */
const BURST_MS = 200;
const SHARE = 0.25;
const MOST_WAITING = 512;
const MOST_WAITING_OF_ONE = 32;

const refused = countedLimit("large_answers_waiting");

/**
 * Turns for answers whose size others decide, such as lists: one a tick of the event loop, one client after the other, and
 * a quarter of the loop's time in all. What has its turn does its work in the same tick.
 */
export class AnswerQueue {
  /** Those that wait, of each client, in the order of turns. */
  readonly #waiting = new Map<unknown, (() => void)[]>();
  #count = 0;
  #leftMs = BURST_MS;
  #at = performance.now();
  #isBusy = false;

  get waiting(): number {
    return this.#count;
  }

  /**
   * Resolves when it is the client's turn.
   * @throws {ThingError} `TOO_BUSY` when too many wait.
   */
  turn(client: unknown): Promise<void> {
    const own = this.#waiting.get(client) ?? [];
    if (this.#count >= MOST_WAITING || own.length >= MOST_WAITING_OF_ONE) {
      refused.hit();
      throw new ThingError(
        "TOO_BUSY",
        `${own.length} large responses are queued for this client and ${this.#count} in total, which is the limit. Try again in a second, and send such requests less often.`,
      );
    }
    return new Promise((resolve) => {
      this.#waiting.set(client, [...own, resolve]);
      this.#count += 1;
      if (!this.#isBusy) this.#giveTurn();
    });
  }

  #giveTurn(): void {
    const [next] = this.#waiting;
    this.#isBusy = next !== undefined;
    if (!next) return;
    const from = this.#refill();
    if (this.#leftMs <= 0) {
      setTimeout(() => this.#giveTurn(), Math.ceil(-this.#leftMs / SHARE) + 1);
      return;
    }
    const [client, [resolve, ...others]] = next;
    this.#waiting.delete(client);
    if (others.length > 0) this.#waiting.set(client, others); // behind the other clients
    this.#count -= 1;
    resolve?.();
    setImmediate(() => {
      this.#leftMs -= performance.now() - from;
      this.#giveTurn();
    });
  }

  #refill(): number {
    const time = performance.now();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (time - this.#at) * SHARE);
    this.#at = time;
    return time;
  }
}

/** The one of this process: it has one event loop. */
export const largeAnswers = new AnswerQueue();
