import { ThingError } from "../base/errors.ts";
import type { InvocationRecord } from "./invocation.ts";

const FINISHED_KEPT = 1000;

/** Every run of every action that can still be asked about. Finished ones are forgotten by time, and beyond 1000 the oldest first. */
export class Invocations {
  readonly #records = new Map<string, InvocationRecord>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Those that have ended, the first first. */
  readonly #finished = new Set<InvocationRecord>();
  readonly #onForget = new Set<(record: InvocationRecord) => void>();
  readonly #maxRunning: number;
  #running = 0;

  constructor({ maxRunning = 100 }: { maxRunning?: number } = {}) {
    this.#maxRunning = maxRunning;
  }

  /** @throws {ThingError} `TOO_MANY_INVOCATIONS` when as many run, or wait to, as may. */
  checkRoom(): void {
    if (this.#running < this.#maxRunning) return;
    throw new ThingError(
      "TOO_MANY_INVOCATIONS",
      `${this.#running} invocations have not ended, which is as many as may run at once. Wait for one of them, or cancel one.`,
    );
  }

  /** Keeps a record while it runs and `retentionSeconds` longer. */
  keep(record: InvocationRecord, retentionSeconds: number): void {
    this.#records.set(record.id, record);
    this.#running += 1;
    void record.ended.then(() => {
      this.#running -= 1;
      if (!this.#records.has(record.id)) return;
      const timer = setTimeout(() => this.#forget(record), retentionSeconds * 1000);
      this.#timers.set(record.id, timer.unref());
      this.#finished.add(record);
      this.#forgetBeyondLimit();
    });
  }

  /** @throws {ThingError} `NOT_FOUND` for an id that is unknown or forgotten. */
  get(id: string): InvocationRecord {
    const record = this.#records.get(id);
    if (!record) {
      throw new ThingError(
        "NOT_FOUND",
        `There is no invocation ${id}: it never was, or it ended so long ago that it is forgotten. Invoke the action again.`,
      );
    }
    return record;
  }

  /** In order of request, oldest first; of one Thing and action if given. */
  list(of: { thing?: string; action?: string } = {}): InvocationRecord[] {
    return [...this.#records.values()].filter(
      ({ thing, action }) => (of.thing ?? thing) === thing && (of.action ?? action) === action,
    );
  }

  /** Calls `listener` with each record that is forgotten. */
  onForget(listener: (record: InvocationRecord) => void): () => void {
    this.#onForget.add(listener);
    return () => void this.#onForget.delete(listener);
  }

  /** Cancels what runs and waits until it has ended, `ms` at most. */
  async cancelAll(ms: number): Promise<void> {
    const running = [...this.#records.values()].filter((record) => !record.finished);
    for (const record of running) record.cancel();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all(running.map((record) => record.ended)), late]);
    clearTimeout(timer);
  }

  /** Forgets everything, without a timer left behind. */
  clear(): void {
    for (const record of [...this.#records.values()]) this.#forget(record);
  }

  #forgetBeyondLimit(): void {
    for (const record of this.#finished) {
      if (this.#finished.size <= FINISHED_KEPT) return;
      this.#forget(record);
    }
  }

  #forget(record: InvocationRecord): void {
    clearTimeout(this.#timers.get(record.id));
    this.#timers.delete(record.id);
    this.#finished.delete(record);
    if (this.#records.delete(record.id)) for (const listener of this.#onForget) listener(record);
  }
}
