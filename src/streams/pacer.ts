import { now } from "../base/clock.ts";

/**
 * Lets at most `fps` frames a second through, on the average. A frame that comes a quarter of a period early is
 * let through, so that a jittering source at twice the rate loses exactly every second frame; the last frame
 * before a pause is let through late.
 */
export class Pacer<T> {
  readonly #periodMs: number;
  readonly #deliver: (frame: T) => void;
  readonly #drop: (frame: T) => void;
  #due = 0;
  #held: T | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param drop - Called with each frame that is not let through. */
  constructor(fps: number, deliver: (frame: T) => void, drop: (frame: T) => void = () => {}) {
    this.#periodMs = 1000 / fps;
    this.#deliver = deliver;
    this.#drop = drop;
  }

  offer(frame: T): void {
    if (this.#held !== undefined) this.#drop(this.#held);
    this.#held = frame;
    const time = now();
    const slack = this.#periodMs / 4;
    if (time >= this.#due - slack) this.#pass(time);
    else this.#timer ??= setTimeout(() => this.#pass(now()), this.#due + slack - time).unref();
  }

  stop(): void {
    const frame = this.#take();
    if (frame !== undefined) this.#drop(frame);
  }

  #take(): T | undefined {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const frame = this.#held;
    this.#held = undefined;
    return frame;
  }

  #pass(time: number): void {
    const frame = this.#take();
    this.#due = Math.max(this.#due, time - this.#periodMs) + this.#periodMs;
    if (frame !== undefined) this.#deliver(frame);
  }
}
