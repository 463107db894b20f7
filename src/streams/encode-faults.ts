import { now } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { storePlaceholder } from "../frames/frame-memory.ts";
import type { Placeholder } from "../frames/stored-picture.ts";
import { BARE_PICTURE, noFramesPicture } from "./no-frames-picture.ts";

/** A fault is told for so long after the last time, ms: nothing is encoded while nobody asks, so nothing would say that it is over. */
const TOLD_MS = 10_000;

/** Why the frames of a stream cannot be made smaller, as long as that is so. */
export class EncodeFaults {
  readonly #log: () => Log;
  #reason: string | undefined;
  #at = Number.NEGATIVE_INFINITY;
  #inARow = 0;
  #placeholder: Promise<Placeholder> | undefined;

  constructor(log: () => Log) {
    this.#log = log;
  }

  /** One sentence, until a frame has been made smaller again, or nobody has tried for a while. */
  get reason(): string | undefined {
    return now() - this.#at <= TOLD_MS ? this.#reason : undefined;
  }

  /** A fault that lasts is logged ever more seldom. */
  failed(error: unknown): void {
    const reason = messageOf(error);
    if (reason !== this.#reason) this.#placeholder = undefined;
    this.#inARow = reason === this.#reason ? this.#inARow + 1 : 1;
    this.#reason = reason;
    this.#at = now();
    const isRound = Number.isInteger(Math.log2(this.#inARow));
    if (isRound) this.#log().warn(`No smaller frames: ${reason}`, { failures: this.#inARow });
  }

  worked(): void {
    this.#reason = undefined;
    this.#placeholder = undefined;
    this.#inARow = 0;
  }

  /** What viewers of smaller frames see instead of the frame that has just failed. */
  picture(frame: { width: number; height: number }): Promise<Placeholder> {
    const reason = this.#reason ?? "The frame could not be resized.";
    this.#placeholder ??= noFramesPicture(reason, frame)
      .catch(() => BARE_PICTURE) // what cannot make frames smaller may not draw either
      .then((jpeg) => storePlaceholder(jpeg, reason));
    return this.#placeholder;
  }
}
