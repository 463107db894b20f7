import { ThingError } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";

const PATIENCE_MS = 50;

/**
 * One thing at a time in the whole host, when its configuration asks for that. Re-entrant: who holds it may take it
 * again. Who does not waits 50 ms and is then refused (LabThings' semantics).
 */
export class GlobalLock {
  /** How an action is logged that does not run because the lock is held. */
  readonly logLevel: LogLevel;
  #holder: unknown;
  /** What it is held for, in words. */
  #what = "";
  #depth = 0;
  #waiting: (() => void)[] = [];

  constructor(logLevel: LogLevel = "info") {
    this.logLevel = logLevel;
  }

  /** Runs `work` with the lock held by `holder`. @throws {ThingError} `LOCK_BUSY`. */
  async hold<T>(holder: unknown, what: string, work: () => Promise<T> | T): Promise<T> {
    await this.#acquire(holder, what);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  /** For what cannot wait. @throws {ThingError} `LOCK_BUSY` when another than `holder` holds the lock. */
  assertFree(holder: unknown, what: string): void {
    if (this.#depth > 0 && this.#holder !== holder) throw busy(what, this.#what);
  }

  async #acquire(holder: unknown, what: string): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (this.#depth > 0 && this.#holder !== holder) {
      const left = until - performance.now();
      if (left <= 0) throw busy(what, this.#what);
      await this.#released(left);
    }
    this.#holder = holder;
    if (this.#depth === 0) this.#what = what;
    this.#depth += 1;
  }

  #released(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #release(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    this.#holder = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function busy(what: string, held: string): ThingError {
  return new ThingError(
    "LOCK_BUSY",
    `The global lock could not be acquired: ${held} holds it, so ${what} was refused. Wait until that ends, or cancel it.`,
  );
}
