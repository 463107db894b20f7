import { pauseAfter } from "../base/pauses.ts";

/** One that held this long, ms, was a connection: the next pause is the first again. */
const HELD_MS = 60_000;

/** When a Thing that became disconnected is opened again: after a pause that doubles, up to a longest. */
export class Reopening {
  readonly #pauses: readonly [number, number];
  readonly #reopen: () => void;
  #timer: NodeJS.Timeout | undefined;
  #tries = 0;
  #openedAt = Number.NEGATIVE_INFINITY;

  constructor(pauses: readonly [number, number], reopen: () => void) {
    this.#pauses = pauses;
    this.#reopen = reopen;
  }

  /** Whether the Thing was disconnected and has not been open since. */
  get isTrying(): boolean {
    return this.#tries > 0 && this.#openedAt === Number.NEGATIVE_INFINITY;
  }

  /** Opens it after the next pause. */
  schedule(): void {
    if (performance.now() - this.#openedAt > HELD_MS && !this.isTrying) this.#tries = 0;
    this.#openedAt = Number.NEGATIVE_INFINITY;
    const [firstMs, longestMs] = this.#pauses;
    this.#tries += 1;
    const pause = pauseAfter(this.#tries, { firstMs, longestMs });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#reopen, pause).unref();
  }

  /** It is open. */
  opened(): void {
    this.#openedAt = performance.now();
  }

  /** Not now: somebody opens it. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** Not at all: it is closed. */
  end(): void {
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#openedAt = Number.NEGATIVE_INFINITY;
  }
}
