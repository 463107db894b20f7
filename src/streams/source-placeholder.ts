import { abortable } from "../base/abort.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { FeedOptions } from "./feed-options.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";

/** Shows viewers of a stream a picture that says why its source gives no frames. */
export class SourcePlaceholder {
  readonly #stream: MJPEGStream;
  readonly #make: FeedOptions["placeholder"];
  readonly #log: Log;
  readonly #stopped: AbortSignal;
  #reason: string | undefined;

  /** @param stopped - Aborts when the source is stopped: then no picture is made any more. */
  constructor(
    stream: MJPEGStream,
    make: FeedOptions["placeholder"],
    log: Log,
    stopped: AbortSignal,
  ) {
    this.#stream = stream;
    this.#make = make;
    this.#log = log;
    this.#stopped = stopped;
  }

  /** Shows the picture, if the reason still holds when it has been made. */
  show(reason: string): void {
    this.#reason = reason;
    if (this.#stream.placeholder?.reason !== reason) void this.#showMade(reason);
  }

  /** The reason does not hold any more; a frame takes the picture's place by itself. */
  forget(): void {
    this.#reason = undefined;
  }

  async #showMade(reason: string): Promise<void> {
    try {
      const picture = await abortable(Promise.resolve(this.#make?.(reason)), this.#stopped);
      const isSo = this.#reason === reason && this.#stream.streaming;
      if (picture && isSo) this.#stream.showPlaceholder(picture, reason);
    } catch (cause) {
      if (this.#stopped.aborted) return;
      this.#log.warn(`The placeholder picture could not be made: ${messageOf(cause)}`);
    }
  }
}
