const INTERVALS = 8;
/** From so many intervals on, the longest does not count: it may be the start, or a pause. */
const ENOUGH = 4;

/**
 * The mean time between the last few beats of something that comes again and again; beats of one burst are one. A beat costs no
 * memory.
 */
export class RecentPeriod {
  readonly #intervals = new Float64Array(INTERVALS);
  readonly #burstMs: number;
  #count = 0;
  /** Since the first beat of the burst, ms, and how many came after it. */
  #burst = 0;
  #others = 0;

  /** @param burstMs - What comes within this time of a beat belongs to it: a network may deliver many at once, and then none. */
  constructor(burstMs = 0) {
    this.#burstMs = burstMs;
  }

  /** @param ms - Between a beat and the one before it. */
  note(ms: number): void {
    this.#burst += ms;
    this.#others += 1;
    if (this.#burst < this.#burstMs) return;
    this.#intervals[this.#count % INTERVALS] = this.#burst;
    this.#count += 1;
    this.#burst = 0;
    this.#others = 0;
  }

  /** In ms; 0 while it is not known. */
  get ms(): number {
    if (this.#count === 0) return this.#others === 0 ? 0 : this.#burst / this.#others;
    const known = Math.min(this.#count, INTERVALS);
    let [sum, longest] = [0, 0];
    for (let n = 0; n < known; n++) {
      const interval = this.#intervals[n] ?? 0;
      sum += interval;
      longest = Math.max(longest, interval);
    }
    if (known < ENOUGH) return sum / known;
    return (sum - longest) / (known - 1);
  }
}
