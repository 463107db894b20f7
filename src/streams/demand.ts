import { messageOf } from "../base/errors.ts";
import { type Running, runAs, running } from "../core/running.ts";
import { tellOne } from "../core/thing-faults.ts";

type Listener = (count: number) => unknown;

/** How many want frames now: viewers, readers, recorders and encodes. A source runs while this is above 0. */
export class Demand {
  #count = 0;
  /** Each with on whose behalf it listens: it is called by whoever comes to watch, and what it throws is no fault of theirs. */
  readonly #listeners = new Map<Listener, Running>();

  get count(): number {
    return this.#count;
  }

  get active(): boolean {
    return this.#count > 0;
  }

  /** One more wants frames, until the returned function is called; calling it again changes nothing. */
  take(): () => void {
    let held = true;
    this.#change(1);
    return () => {
      if (!held) return;
      held = false;
      this.#change(-1);
    };
  }

  /** Calls `listener` at each change, in the tick of the change; returns how to end that. One that throws is noted and keeps nothing from the others. */
  onChange(listener: Listener): () => void {
    this.#listeners.set(listener, running() ?? {});
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #change(by: number): void {
    this.#count += by;
    for (const [listener, owner] of [...this.#listeners])
      runAs(owner, () => tellOne(listener, [this.#count], (error) => failed(owner, error)));
  }
}

function failed({ faults }: Running, error: unknown): void {
  if (faults) faults.note("listener", `A listener to demand failed: ${messageOf(error)}`, error);
  else
    process.nextTick(() => {
      throw error;
    });
}
