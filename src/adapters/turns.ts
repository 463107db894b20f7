/** Requests that begin in one turn of the event loop: each takes some tenths of a millisecond. */
const MOST_IN_ONE = 4;

/**
 * Turns of the event loop, for what may be asked for all at once, such as each value of a house: frames, timers and sockets have
 * theirs between. What waits is bounded by who asks.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  /** Resolves when it is the caller's turn: at once while there are few. */
  async next(): Promise<void> {
    if (this.#begun === 0) setImmediate(() => this.#turn());
    else if (this.#begun >= MOST_IN_ONE)
      return new Promise((resolve) => {
        this.#waiting.push(resolve);
      });
    this.#begun += 1;
  }

  #turn(): void {
    const now = this.#waiting.splice(0, MOST_IN_ONE);
    this.#begun = now.length;
    if (now.length > 0) setImmediate(() => this.#turn());
    for (const begin of now) begin();
  }
}
