import { ThingError } from "../base/errors.ts";
import { FinishedInvocations, type FinishedLimits } from "./finished-invocations.ts";
import type { InvocationRecord } from "./invocation.ts";
import { RunningInvocations, type RunningLimits } from "./running-invocations.ts";

export type InvocationLimits = RunningLimits & FinishedLimits;

/** Every run of every action that can still be asked about. */
export class Invocations {
  readonly #records = new Map<string, InvocationRecord>();
  readonly #onForget = new Set<(record: InvocationRecord) => void>();
  readonly #running: RunningInvocations;
  readonly #finished: FinishedInvocations;

  constructor(limits: InvocationLimits = {}) {
    this.#running = new RunningInvocations(limits);
    this.#finished = new FinishedInvocations((record) => this.#forget(record), limits);
  }

  /** What the finished ones that are kept come to. */
  get kept(): { readonly count: number; readonly bytes: number } {
    const { count, bytes } = this.#finished;
    return { count, bytes };
  }

  /**
   * The record to run: the one given, or the one that does the same already.
   * @throws {ThingError} `TOO_MANY_INVOCATIONS` when as many run, or wait to, as may.
   */
  place(record: InvocationRecord): InvocationRecord {
    return this.#running.place(record);
  }

  /** Keeps a record while it runs and `retentionSeconds` longer, unless there are too many. */
  keep(record: InvocationRecord, retentionSeconds: number): void {
    this.#records.set(record.id, record);
    this.#running.add(record);
    void record.ended.then(() => {
      this.#running.delete(record);
      if (this.#records.has(record.id)) this.#finished.keep(record, retentionSeconds);
    });
  }

  /** @throws {ThingError} `NOT_FOUND` for an id that is unknown or forgotten. */
  get(id: string): InvocationRecord {
    const record = this.#records.get(id);
    if (!record) {
      throw new ThingError(
        "NOT_FOUND",
        `There is no invocation ${id.slice(0, 80)}: it never existed, or it ended so long ago that it has been forgotten. Invoke the action again.`,
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
    for (const record of running) record.cancel(true);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all(running.map((record) => record.ended)), late]);
    clearTimeout(timer);
  }

  /** Forgets everything, without a timer left behind. */
  clear(): void {
    this.#finished.clear();
    for (const record of [...this.#records.values()]) this.#forget(record);
  }

  #forget(record: InvocationRecord): void {
    if (this.#records.delete(record.id)) for (const listener of this.#onForget) listener(record);
  }
}
