const SOONEST_MS = 20;
const LATEST_MS = 500;
const LATEST_OF_MANY_MS = 100;
const GROWTH = 1.4;

/** How many runs are being followed, by origin: what is in it has a run that goes on. */
const followed = new Map<string, number>();

/**
 * How long to wait between two questions about a run: little at first, since most runs are short, then more. Runs that
 * are followed at one server share what it is asked: 50 times a second at most and 10 times a second in the long run,
 * however many they are.
 */
export class PollPace {
  readonly #origin: string;
  #waitMs = 0;

  /** @param url - Where the run is asked about. */
  constructor(url: string) {
    this.#origin = URL.canParse(url) ? new URL(url).origin : "";
    followed.set(this.#origin, this.#runs + 1);
  }

  /** How long to wait before the next question, ms. */
  next(): number {
    const runs = this.#runs;
    const latest = Math.max(LATEST_MS, runs * LATEST_OF_MANY_MS);
    this.#waitMs = Math.min(latest, Math.max(SOONEST_MS * runs, this.#waitMs * GROWTH));
    return this.#waitMs;
  }

  /** The run is followed no longer. */
  end(): void {
    if (this.#runs > 1) followed.set(this.#origin, this.#runs - 1);
    else followed.delete(this.#origin);
  }

  get #runs(): number {
    return followed.get(this.#origin) ?? 0;
  }
}
