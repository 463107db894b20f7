/** Delay before the next request after a reply without a frame, ms. */
const PAUSE_MS = 10;
/** Requests without a reply for this long are repeated, ms: the peer has gone. */
const PATIENCE_MS = 5000;

/** Flow control of a worker: bounds the frames that are requested or wait for its handler. */
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

  /** A frame has arrived and waits. */
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

  /** The reply was not a frame. @param wasMiss - There is none yet; otherwise the reply was unreadable. */
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

  /** Restarts the wait for the next reply. */
  #wait(): void {
    clearTimeout(this.#patience);
    if (this.#stopped || this.#asked === 0) return;
    this.#patience = setTimeout(() => {
      this.#asked = 0;
      this.#spend();
    }, PATIENCE_MS);
  }
}
