import type { SourceLoss } from "../frames/frame.ts";
import type { SourceFrame } from "../frames/frame-source.ts";

const FRAMES_WAITING = 32;
const LATE = "this process was too busy to take it";

/** Hands frames from whoever pushes them to one reader. Bounded: a reader that is late loses the oldest, which the next one tells. */
export class FrameQueue {
  readonly #waiting: SourceFrame[] = [];
  readonly #limit: number;
  #dropped = 0;
  /** What is missing before the first that waits. */
  #missing: SourceLoss[] = [];
  #error: Error | undefined;
  #ended = false;
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
      const { lossesBefore = [] } = this.#waiting.shift() ?? {};
      this.#missing.push(...lossesBefore);
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

  /** No more frames will come, and that is no failure: the reader gets those that wait. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Frames in order, until `signal` aborts or `end` is called. @throws What `fail` was given. */
  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    const onAbort = () => this.#wake?.();
    signal.addEventListener("abort", onAbort);
    let told = 0;
    try {
      while (!signal.aborted) {
        const frame = this.#waiting.shift();
        if (frame) {
          const late = this.#dropped - told;
          told = this.#dropped; // more may be dropped while the reader has this one
          yield this.#withLosses(frame, late);
        } else if (this.#error) throw this.#error;
        else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #withLosses(frame: SourceFrame, late: number): SourceFrame {
    if (late === 0) return frame;
    const missing = this.#missing;
    this.#missing = [];
    missing.push({ what: "lost", count: late, why: LATE }, ...(frame.lossesBefore ?? []));
    return { ...frame, lossesBefore: missing };
  }
}
