import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** So many programs follow recordings that are being written: they have little to do at a time. */
const FOLLOWING_AT_ONCE = 4;
/** So many convert what is closed, each with all cores that are free. */
const CLOSED_AT_ONCE = 2;
const MOST_WAITING = 1000;

const atOnce = countedLimit("conversions_at_once");
const mostWaiting = countedLimit("conversions_waiting");

/** What is to be converted. */
interface QueuedConversion {
  /** Whether it is still being written. */
  readonly isGrowing: () => boolean;
  /** Settles when it is closed, if it is being written. */
  readonly until?: Promise<unknown> | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting extends QueuedConversion {
  readonly begin: (pool: Pool) => void;
}

interface Pool {
  readonly most: number;
  running: number;
}

/**
 * Where conversions wait until fewer programs run: one queue for all of a process. An encoder that is slower than a camera does not
 * pile up programs; its recordings wait as MKVs, and are converted one after the other once they are closed.
 */
export class ConversionQueue {
  readonly #following: Pool = { most: FOLLOWING_AT_ONCE, running: 0 };
  readonly #closed: Pool = { most: CLOSED_AT_ONCE, running: 0 };
  #waiting: Waiting[] = [];

  /** How many programs run, and how many recordings wait for one. */
  get counts(): { running: number; waiting: number } {
    return {
      running: this.#following.running + this.#closed.running,
      waiting: this.#waiting.length,
    };
  }

  /**
   * What `work` settles to, which begins in its turn.
   * @throws {ThingError} `TOO_BUSY` when too many wait; the signal's reason.
   */
  async run<T>(conversion: QueuedConversion, work: () => Promise<T>): Promise<T> {
    const pool = await this.#turn(conversion);
    try {
      return await work();
    } finally {
      pool.running -= 1;
      this.#beginNext();
    }
  }

  #turn(conversion: QueuedConversion): Promise<Pool> {
    const { signal, until } = conversion;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const free = this.#placeFor(conversion);
    if (free) return Promise.resolve(free);
    if (this.#waiting.length >= MOST_WAITING) {
      mostWaiting.hit();
      const why = `${MOST_WAITING} other recordings are waiting to be converted. Export it when fewer are`;
      return Promise.reject(new ThingError("TOO_BUSY", why));
    }
    atOnce.hit();
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal?.reason);
      };
      const waiting: Waiting = {
        ...conversion,
        begin: (pool) => {
          signal?.removeEventListener("abort", leave);
          resolve(pool);
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      const closed = () => void Promise.resolve().then(() => this.#beginNext());
      until?.then(closed, closed);
    });
  }

  /** A place for it that is taken now, if one is free. */
  #placeFor({ isGrowing }: QueuedConversion): Pool | undefined {
    const pool = isGrowing() ? this.#following : this.#closed;
    if (pool.running >= pool.most) return undefined;
    pool.running += 1;
    return pool;
  }

  /** Begins those that waited longest of what may begin. */
  #beginNext(): void {
    for (const waiting of [...this.#waiting]) {
      const pool = this.#placeFor(waiting);
      if (!pool) continue;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      waiting.begin(pool);
    }
  }
}

/** All conversions of this process. */
export const conversions = new ConversionQueue();
