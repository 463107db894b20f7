const INTERVALS = 8;
/** From so many intervals on, the longest does not count: it may be the start, or a pause. */
const ENOUGH = 4;

/** The mean time between the last few beats of something that comes again and again. A beat costs no memory. */
export class RecentPeriod {
  readonly #intervals = new Float64Array(INTERVALS);
  #count = 0;

  /** @param ms - Between a beat and the one before it. */
  note(ms: number): void {
    this.#intervals[this.#count % INTERVALS] = ms;
    this.#count += 1;
  }

  /** In ms; 0 while it is not known. */
  get ms(): number {
    const known = Math.min(this.#count, INTERVALS);
    let [sum, longest] = [0, 0];
    for (let n = 0; n < known; n++) {
      const interval = this.#intervals[n] ?? 0;
      sum += interval;
      longest = Math.max(longest, interval);
    }
    if (known < ENOUGH) return known === 0 ? 0 : sum / known;
    return (sum - longest) / (known - 1);
  }
}
