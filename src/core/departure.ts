import { ThingError } from "../base/errors.ts";

/** Whether a Thing has left its host while that runs on, for those who follow it. */
export class Departure {
  readonly #thing: string;
  readonly #listeners = new Set<(reason: ThingError) => void>();
  #reason: ThingError | undefined;

  constructor(thing: string) {
    this.#thing = thing;
  }

  /** Calls `listener` with what to tell its clients once the Thing has left, at once if it has; until the returned function is called. */
  onLeft(listener: (reason: ThingError) => void): () => void {
    if (this.#reason) listener(this.#reason);
    else this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The Thing has been closed, and its host has it no more. */
  leave(): void {
    this.#reason ??= new ThingError(
      "NOT_READY",
      `Thing '${this.#thing}' was closed, because the configuration has changed. Connect again.`,
    );
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(this.#reason);
  }
}
