import type { Timers } from "../../src/base/timers.ts";

/** A clock that goes on when it is told to, and knows who waits. */
export class FakeTimers implements Timers {
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  #now = 0;

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const one = { at: this.#now + ms, callback };
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  }

  /** Lets `ms` pass, with all that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    await settled();
    const until = this.#now + ms;
    for (let next = this.#nextBefore(until); next; next = this.#nextBefore(until)) {
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settled();
    }
    this.#now = until;
  }

  /** Time passes in which this process is busy, and no timer is kept. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #nextBefore(until: number) {
    const [first] = [...this.#waiting].sort((a, b) => a.at - b.at);
    return first && first.at <= until ? first : undefined;
  }
}

/** What was promised has been kept, as far as no timer is needed. */
async function settled(): Promise<void> {
  await new Promise(setImmediate);
}
