/** How long to wait before trying again: doubled at each failure, from the first wait to the longest. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  /** @param firstMs - The wait after the first failure. @param longestMs - No wait is longer. */
  constructor(firstMs = 250, longestMs = 10_000) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const wait = this.#nextMs;
    this.#nextMs = Math.min(2 * wait, this.#longestMs);
    return wait;
  }

  /** What was tried ran well: the next failure waits the first time again. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
