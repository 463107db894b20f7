import { now } from "../../base/clock.ts";

/** So many at once, and so many each second from then on. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at = now();

  constructor({ burst, perSecond }: { burst: number; perSecond: number }) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** Counts one; false when it is one too many. */
  take(): boolean {
    const time = now();
    this.#left = Math.min(this.#burst, this.#left + ((time - this.#at) / 1000) * this.#perSecond);
    this.#at = time;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
