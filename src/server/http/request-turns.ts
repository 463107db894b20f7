/** How long requests may be begun in one turn of the event loop, ms: then frames, timers and other sockets have theirs. */
const TURN_MS = 20;

/**
 * Begins requests as they come, and leaves what is too much for one turn of the event loop to the next ones. Node would read
 * what hundreds of connections have sent, and up to 32 times from each of them, before anything else has its turn.
 * What waits is bounded by who calls it: one request a connection.
 */
export class RequestTurns {
  readonly #waiting: (() => void)[] = [];
  /** When the first request of this turn was begun; undefined when there has been none. */
  #from: number | undefined;

  begin(handle: () => void): void {
    if (this.#waiting.length > 0 || !this.#hasTime()) this.#waiting.push(handle);
    else handle();
  }

  #hasTime(): boolean {
    const time = performance.now();
    if (this.#from === undefined) {
      this.#from = time;
      setImmediate(() => this.#nextTurn());
    }
    return time - this.#from < TURN_MS;
  }

  /** An immediate that is made by another one runs after timers and sockets have had their turn. */
  #nextTurn(): void {
    this.#from = undefined;
    while (this.#waiting.length > 0 && this.#hasTime()) this.#waiting.shift()!();
  }
}
