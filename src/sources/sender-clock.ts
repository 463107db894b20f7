/** Clocks that differ by less are taken for one, ms: a picture may have been on its way for so long. */
const ONE_CLOCK_MS = 1500;
/** How long the quickest picture counts, ms: clocks drift. */
const WINDOW_MS = 60_000;

/**
 * The clock of a program that stamps its pictures. Where it agrees with ours its times count as they are. Where it does not, as on a board
 * without the time of day, the quickest picture of the last minute or two is taken to have come at once.
 */
export class SenderClock {
  #quickest = Number.POSITIVE_INFINITY;
  #quickestBefore = Number.POSITIVE_INFINITY;
  #windowEndsAt = 0;

  /** When a picture was captured, on our clock. @param stamp - On its clock. @param arrived - On ours. */
  captured(stamp: number, arrived: number): number {
    if (arrived >= this.#windowEndsAt) {
      this.#quickestBefore = this.#quickest;
      this.#quickest = Number.POSITIVE_INFINITY;
      this.#windowEndsAt = arrived + WINDOW_MS;
    }
    const took = arrived - stamp;
    this.#quickest = Math.min(this.#quickest, took);
    const quickest = Math.min(this.#quickest, this.#quickestBefore);
    const isOurs = quickest >= 0 && quickest < ONE_CLOCK_MS;
    return isOurs ? stamp : stamp + quickest;
  }
}
