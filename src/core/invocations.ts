import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import type { InvocationRecord } from "./invocation.ts";

const FINISHED_KEPT = 1000;
const SWEEP_MS = 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Every run of every action that can still be asked about. Finished ones are forgotten by time, and beyond 1000 the oldest first. */
export class Invocations {
  readonly #records = new Map<string, InvocationRecord>();
  /** Those that have ended, the first first, and when each is forgotten, epoch ms. */
  readonly #finished = new Map<InvocationRecord, number>();
  #sweep: NodeJS.Timeout | undefined;
  #sweepsAt = Number.POSITIVE_INFINITY;
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
      const at = now() + retentionSeconds * 1000;
      this.#finished.set(record, at);
      if (at < this.#sweepsAt) this.#sweepAt(at);
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
    clearTimeout(this.#sweep);
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    for (const record of [...this.#records.values()]) this.#forget(record);
  }

  #forgetBeyondLimit(): void {
    for (const record of this.#finished.keys()) {
      if (this.#finished.size <= FINISHED_KEPT) return;
      this.#forget(record);
    }
  }

  /** One timer for all: one for each of a thousand would cost more than the actions. */
  #sweepAt(at: number): void {
    clearTimeout(this.#sweep);
    this.#sweepsAt = at;
    const ms = Math.min(Math.max(0, at - now()), LONGEST_TIMER_MS);
    this.#sweep = setTimeout(() => this.#forgetExpired(), ms).unref();
  }

  #forgetExpired(): void {
    const time = now();
    for (const [record, at] of this.#finished) if (at <= time) this.#forget(record);
    const next = Math.min(...this.#finished.values());
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    if (this.#finished.size > 0) this.#sweepAt(Math.max(next, time + SWEEP_MS));
  }

  #forget(record: InvocationRecord): void {
    this.#finished.delete(record);
    if (this.#records.delete(record.id)) for (const listener of this.#onForget) listener(record);
  }
}
