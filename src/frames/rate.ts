import { now } from "../base/clock.ts";

const WINDOW_MS = 1000;
const SHORTEST_SPAN_MS = 100;

/** Counts frames (or anything) a second, over the last second. Each tick costs the same however many there are. */
export class RateMeter {
  /** Times of the ticks in the window, as a ring: above so many a second, the rate is taken over a shorter time. */
  readonly #times = new Float64Array(1024);
  #first = 0;
  #count = 0;

  /** @param at - Epoch ms of `now()`. */
  tick(at: number = now()): void {
    const capacity = this.#times.length;
    if (this.#count === capacity) this.#dropFirst();
    this.#times[(this.#first + this.#count) % capacity] = at;
    this.#count++;
  }

  /**
   * Ticks a second, from the intervals between the ticks of the last second. It falls as soon as a tick is overdue
   * and is 0 after a second without any.
   *
   * @param at - Epoch ms of `now()`.
   */
  hz(at: number = now()): number {
    while (this.#count > 0 && this.#time(0) <= at - WINDOW_MS) this.#dropFirst();
    const intervals = this.#count - 1;
    if (intervals < 1) return this.#count;
    const last = this.#time(intervals);
    const ticking = last - this.#time(0);
    const overdue = Math.max(0, at - last - ticking / intervals);
    return (intervals * 1000) / Math.max(SHORTEST_SPAN_MS, ticking + overdue);
  }

  reset(): void {
    this.#count = 0;
  }

  #time(n: number): number {
    return this.#times[(this.#first + n) % this.#times.length]!;
  }

  #dropFirst(): void {
    this.#first = (this.#first + 1) % this.#times.length;
    this.#count--;
  }
}
