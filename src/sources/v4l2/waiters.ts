import { abortable } from "../../base/abort.ts";

/** Those who wait for something to be settled, either way. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `release`. */
  async wait(signal?: AbortSignal): Promise<void> {
    let onRelease: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      onRelease = resolve;
      this.#waiting.add(onRelease);
    });
    await abortable(released, signal).finally(() => this.#waiting.delete(onRelease));
  }

  release(): void {
    for (const onRelease of [...this.#waiting]) onRelease();
  }
}
