/** How long after an answer that there is no frame it is asked again, ms. */
const PAUSE_MS = 10;
/** A request that has no answer for so long is asked again, ms: whoever had it has gone. */
const PATIENCE_MS = 5000;

/** How many frames a worker may still ask for: so many are on their way or wait for its handler, and no more. */
export class Credits {
  readonly #limit: number;
  readonly #ask: () => void;
  readonly #pauses = new Set<NodeJS.Timeout>();
  #asked = 0;
  #held = 0;
  #patience: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param ask - Sends one request. */
  constructor(limit: number, ask: () => void) {
    this.#limit = limit;
    this.#ask = ask;
  }

  start(): void {
    this.#spend();
  }

  /** A frame has come, and waits. */
  answered(): void {
    this.#asked = Math.max(0, this.#asked - 1);
    this.#held++;
    this.#wait();
  }

  /** The handler has taken a frame. */
  taken(): void {
    this.#held--;
    this.#spend();
  }

  /** The answer was no frame. @param wasMiss - There will be one later; otherwise it was unreadable. */
  refused(wasMiss: boolean): void {
    this.#asked = Math.max(0, this.#asked - 1);
    this.#wait();
    const pause = setTimeout(
      () => {
        this.#pauses.delete(pause);
        this.#spend();
      },
      wasMiss ? PAUSE_MS : 10 * PAUSE_MS,
    );
    this.#pauses.add(pause);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#patience);
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  #spend(): void {
    if (this.#stopped) return;
    for (; this.#asked + this.#held + this.#pauses.size < this.#limit; this.#asked++) this.#ask();
    this.#wait();
  }

  /** Begins to wait for the next answer anew. */
  #wait(): void {
    clearTimeout(this.#patience);
    if (this.#stopped || this.#asked === 0) return;
    this.#patience = setTimeout(() => {
      this.#asked = 0;
      this.#spend();
    }, PATIENCE_MS);
  }
}
