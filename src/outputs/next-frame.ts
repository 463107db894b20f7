import { abortable } from "../base/abort.ts";
import type { ThingError } from "../base/errors.ts";
import type { Frame } from "../frames/frame.ts";

/** Waits for the next frame: one promise a frame, shared by all who wait for it. */
export class NextFrame {
  #promise: Promise<Frame> | undefined;
  #resolve: (frame: Frame) => void = () => {};
  #reject: (error: ThingError) => void = () => {};

  /** The first frame that arrives from now on. Rejects when the stream stops or `signal` aborts. */
  wait(signal?: AbortSignal): Promise<Frame> {
    return abortable(this.#shared(), signal);
  }

  /** Whether anybody waits. */
  get awaited(): boolean {
    return this.#promise !== undefined;
  }

  deliver(frame: Frame): void {
    this.#promise = undefined;
    this.#resolve(frame);
  }

  fail(error: ThingError): void {
    if (!this.#promise) return;
    this.#promise = undefined;
    this.#reject(error);
  }

  #shared(): Promise<Frame> {
    if (!this.#promise) {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      this.#promise.catch(() => {}); // each who waits hears of it; those who left need not
    }
    return this.#promise;
  }
}
