import { abortable } from "../../../base/abort.ts";

/** Calls of a handler that go on although their tickets are too old: with so many, no ticket is taken. */
export const MOST_ABANDONED = 10;

/** Calls that nobody waits for any more. A handler that never returns must not take one ticket after the other. */
export class RunningHandlers {
  #abandoned = 0;
  #freed = () => {};
  #room = Promise.resolve();
  readonly #onFull: () => void;

  /** @param onFull - Called when no ticket is taken any more, since so many go on. */
  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  /** The result, unless `signal` aborts before: the handler goes on then. */
  async run(call: () => unknown, signal: AbortSignal): Promise<unknown> {
    let hasEnded = false;
    let isAbandoned = false;
    const running = (async () => call())().finally(() => {
      hasEnded = true;
      if (isAbandoned) this.#end();
    });
    try {
      return await abortable(running, signal);
    } finally {
      if (!hasEnded) {
        isAbandoned = true;
        this.#abandon();
      }
    }
  }

  /** Whether a ticket may be taken now. */
  get hasRoom(): boolean {
    return this.#abandoned < MOST_ABANDONED;
  }

  /** Resolves when a ticket may be taken. */
  room(signal: AbortSignal): Promise<void> {
    return abortable(this.#room, signal);
  }

  #abandon(): void {
    this.#abandoned += 1;
    if (this.#abandoned !== MOST_ABANDONED) return;
    this.#onFull();
    this.#room = new Promise((resolve) => {
      this.#freed = resolve;
    });
  }

  #end(): void {
    this.#abandoned -= 1;
    if (this.#abandoned < MOST_ABANDONED) this.#freed(); // of several at a time more than so many may go on
  }
}
