/** How many want frames now: viewers, readers, recorders and encodes. A source runs while this is above 0. */
export class Demand {
  #count = 0;
  readonly #listeners = new Set<(count: number) => void>();

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

  /** Calls `listener` at each change, in the tick of the change; returns how to end that. */
  onChange(listener: (count: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #change(by: number): void {
    this.#count += by;
    for (const listener of [...this.#listeners]) listener(this.#count);
  }
}
