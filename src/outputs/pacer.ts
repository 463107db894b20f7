import { now } from "../base/clock.ts";

/**
 * Lets at most `fps` frames a second through, on the average. A frame that comes a quarter of a period early is
 * let through, so that a jittering source at twice the rate loses exactly every second frame; the last frame
 * before a pause is let through late.
 */
export class Pacer<T> {
  readonly #periodMs: number;
  readonly #deliver: (frame: T) => void;
  #due = 0;
  #held: T | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(fps: number, deliver: (frame: T) => void) {
    this.#periodMs = 1000 / fps;
    this.#deliver = deliver;
  }

  offer(frame: T): void {
    this.#held = frame;
    const time = now();
    const slack = this.#periodMs / 4;
    if (time >= this.#due - slack) this.#pass(time);
    else this.#timer ??= setTimeout(() => this.#pass(now()), this.#due + slack - time).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held = undefined;
  }

  #pass(time: number): void {
    const frame = this.#held;
    this.stop();
    this.#due = Math.max(this.#due, time - this.#periodMs) + this.#periodMs;
    if (frame) this.#deliver(frame);
  }
}
