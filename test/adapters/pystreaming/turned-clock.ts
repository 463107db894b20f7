import type { Clock } from "../../../src/adapters/pystreaming/buffer.ts";

/** A clock that stands still until somebody waits for it and nothing else happens. */
export class TurnedClock implements Clock {
  #now: number;
  readonly #waiting = new Set<{ readonly at: number; readonly go: () => void }>();

  constructor(now = 1000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  wait(seconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { at: this.#now + seconds, go: resolve };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", () => {
        this.#waiting.delete(waiter);
        resolve();
      });
    });
  }

  /** Turns the clock from one moment that somebody waits for to the next, until nobody waits. */
  async run(): Promise<void> {
    for (;;) {
      await settled();
      const [next] = [...this.#waiting].sort((a, b) => a.at - b.at);
      if (!next) return;
      this.#waiting.delete(next);
      // A clock goes on between a moment and whoever looks at it: what is due later than that moment is due then.
      this.#now = Math.max(this.#now, next.at) + 1e-9;
      next.go();
    }
  }
}

/** Once everything that can go on without the clock has gone on. */
async function settled(): Promise<void> {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
}
