/** Something that happened. A Thing holds one as a field under `@event` and emits its data. */
export class ThingEvent<T = void> {
  readonly #listeners = new Set<(data: T) => void>();

  /** Tells every listener, in the same tick. */
  emit(data: T): void {
    for (const listener of [...this.#listeners]) listener(data);
  }

  /** Calls `listener` at each emission until the returned function is called. */
  on(listener: (data: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
