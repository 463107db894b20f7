import { availableParallelism } from "node:os";
import { ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";

/** libuv has four threads, which files and names need too: so many of them encode at once. */
const MOST_AT_ONCE = 2;
/** Pictures asked for one by one that may wait. */
const MOST_WAITING = 32;
/** So many turns go to viewers before one picture that waits. */
const VIEWERS_FIRST = 4;

const refused = countedLimit("encodes_waiting");

type Job = () => Promise<unknown>;

/**
 * Who may decode and encode a picture next, of the whole process. Viewers come first; a picture that is asked for alone has a
 * turn now and then, one at a time and for half of the time at most. So neither takes what recording needs.
 */
export class EncodeQueue {
  readonly #atOnce: number;
  readonly #viewers: Job[] = [];
  readonly #alone: Job[] = [];
  #running = 0;
  #aloneRuns = false;
  #viewerTurns = 0;
  /** Pictures asked for alone begin no sooner, on the monotonic clock, ms. */
  #restsUntil = 0;
  #wake: NodeJS.Timeout | undefined;

  constructor(
    atOnce = Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(availableParallelism() / 2))),
  ) {
    this.#atOnce = atOnce;
  }

  /** For who has one encode under way at a time, and then takes the newest: never refused. */
  forViewer<T>(encode: () => Promise<T>): Promise<T> {
    return this.#queue(this.#viewers, encode);
  }

  /** @throws {ThingError} `TOO_BUSY` when too many wait. */
  alone<T>(encode: () => Promise<T>): Promise<T> {
    if (this.#alone.length < MOST_WAITING) return this.#queue(this.#alone, encode);
    refused.hit();
    throw new ThingError(
      "TOO_BUSY",
      `${this.#alone.length} pictures are waiting to be resized or recompressed, which is the limit. Try again in a second, or request the picture as it is.`,
    );
  }

  #queue<T>(jobs: Job[], encode: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      jobs.push(() => encode().then(resolve, reject));
      this.#runNext();
    });
  }

  #runNext(): void {
    while (this.#running < this.#atOnce) {
      const job = this.#next();
      if (!job) return;
      this.#running += 1;
      void job().finally(() => {
        this.#running -= 1;
        this.#runNext();
      });
    }
  }

  #next(): Job | undefined {
    const mayRunAlone = this.#alone.length > 0 && !this.#aloneRuns;
    const isRested = performance.now() >= this.#restsUntil;
    if (mayRunAlone && !isRested) this.#wakeLater();
    const isAlonesTurn = this.#viewers.length === 0 || this.#viewerTurns >= VIEWERS_FIRST;
    if (mayRunAlone && isRested && isAlonesTurn) {
      this.#viewerTurns = 0;
      return this.#resting(this.#alone.shift()!);
    }
    this.#viewerTurns += 1;
    return this.#viewers.shift();
  }

  /** Rests as long as it ran. */
  #resting(job: Job): Job {
    this.#aloneRuns = true;
    const from = performance.now();
    return () =>
      job().finally(() => {
        this.#aloneRuns = false;
        this.#restsUntil = 2 * performance.now() - from;
      });
  }

  #wakeLater(): void {
    this.#wake ??= setTimeout(
      () => {
        this.#wake = undefined;
        this.#runNext();
      },
      Math.max(1, this.#restsUntil - performance.now()),
    );
  }
}

/** The one of this process: all its pictures are made by the same threads. */
export const encodes = new EncodeQueue();
