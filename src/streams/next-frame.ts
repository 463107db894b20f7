import { abortable } from "../base/abort.ts";
import type { ThingError } from "../base/errors.ts";

/** Waits for the next frame, or for word of it: one promise a frame, shared by all who wait. */
export class Next<T> {
  #promise: Promise<T> | undefined;
  #resolve: (frame: T) => void = () => {};
  #reject: (error: ThingError) => void = () => {};

  /** The first that arrives from now on. Rejects when the stream stops or `signal` aborts. */
  wait(signal?: AbortSignal): Promise<T> {
    return abortable(this.#shared(), signal);
  }

  /** Whether anybody waits. */
  get awaited(): boolean {
    return this.#promise !== undefined;
  }

  deliver(frame: T): void {
    this.#promise = undefined;
    this.#resolve(frame);
  }

  fail(error: ThingError): void {
    if (!this.#promise) return;
    this.#promise = undefined;
    this.#reject(error);
  }

  #shared(): Promise<T> {
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
