import type { SourceFrame } from "../frames/frame-source.ts";

const FRAMES_WAITING = 32;

/** Hands frames from whoever pushes them to one reader. Bounded: a reader that is late loses the oldest, counted. */
export class FrameQueue {
  readonly #waiting: SourceFrame[] = [];
  readonly #limit: number;
  #dropped = 0;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(limit = FRAMES_WAITING) {
    this.#limit = limit;
  }

  /** Frames that were lost because the reader was late. */
  get dropped(): number {
    return this.#dropped;
  }

  push(frame: SourceFrame): void {
    if (this.#waiting.length >= this.#limit) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push(frame);
    this.#wake?.();
  }

  /** No more frames will come: the reader gets those that wait, and then `error`. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#wake?.();
  }

  /** Frames in order, until `signal` aborts. @throws What `fail` was given. */
  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    const onAbort = () => this.#wake?.();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const frame = this.#waiting.shift();
        if (frame) yield frame;
        else if (this.#error) throw this.#error;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
