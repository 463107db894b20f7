/**
 * Takes everything from a source as it comes and gives the newest of it: a slow reader skips the rest. Leaving the
 * loop does not end the source: end what it reads from.
 */
export async function* newestOf<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
  const inbox = new Inbox<T>();
  void inbox.fill(source);
  for (let taken = await inbox.take(); taken; taken = await inbox.take()) yield taken.value;
}

/** Holds one value, the newest, until it is taken. */
class Inbox<T> {
  #held: { readonly value: T } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isEnded = false;
  #wake: () => void = () => {};

  async fill(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const value of source) {
        this.#held = { value };
        this.#wake();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#isEnded = true;
    this.#wake();
  }

  /** The newest value once there is one; undefined at the end. @throws what the source failed with. */
  async take(): Promise<{ readonly value: T } | undefined> {
    while (!this.#held && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#held;
    this.#held = undefined;
    if (!taken && this.#failure) throw this.#failure.error;
    return taken;
  }
}
