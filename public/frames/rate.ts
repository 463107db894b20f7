const SPAN_MS = 3000;
const FEWEST = 4;
const MOST = 400;

/** Counts what happens, and how often: over the last three seconds, of what is rare over the last three times. */
export class Rate {
  readonly #times: number[] = [];

  /** @param time - Now, ms. */
  count(time: number): void {
    this.#times.push(time);
    const isOld = () => time - (this.#times[0] ?? time) > SPAN_MS && this.#times.length > FEWEST;
    while (isOld() || this.#times.length > MOST) this.#times.shift();
  }

  /** It is counted anew: after a pause, say. */
  reset(): void {
    this.#times.length = 0;
  }

  /** Times a second, 0 until it happened twice. */
  get perSecond(): number {
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (first === undefined || last === undefined || last <= first) return 0;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }
}
