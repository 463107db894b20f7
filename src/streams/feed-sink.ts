import type { SourceLoss } from "../frames/frame.ts";
import type { FrameSink, SourceFrame } from "../frames/frame-source.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";
import type { SilenceWatch } from "./silence-watch.ts";

/** Where one run of a source puts its frames: a stream, for as long as the run lasts. */
export class FeedSink implements FrameSink {
  /** Resolves when the stream has stopped; rejects with what went wrong while a frame was taken. */
  readonly over: Promise<void>;
  readonly #stream: MJPEGStream;
  readonly #silence: SilenceWatch;
  readonly #onFrame: (frame: SourceFrame) => void;
  #isClosed = false;
  #end: (failure?: Promise<never>) => void = () => {};

  constructor(stream: MJPEGStream, silence: SilenceWatch, onFrame: (frame: SourceFrame) => void) {
    this.#stream = stream;
    this.#silence = silence;
    this.#onFrame = onFrame;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.over.catch(() => {}); // who waits for it is told
  }

  get hasRoom(): boolean {
    return !this.#isClosed && this.#stream.streaming;
  }

  get isSilent(): boolean {
    return this.#silence.failure !== undefined;
  }

  take(frame: SourceFrame): boolean {
    if (!this.#isOpen()) return false;
    this.#silence.frameCame();
    try {
      this.#onFrame(frame);
    } catch (error) {
      this.#end(Promise.reject(error)); // a source has no fault in it, and would throw it who knows where
    }
    return this.hasRoom;
  }

  room(bytes: number): Uint8Array | undefined {
    return this.#isOpen() ? this.#stream.room(bytes) : undefined;
  }

  lost(loss: SourceLoss): void {
    if (this.#isOpen()) this.#stream.noteLoss(loss);
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#isClosed = true;
  }

  #isOpen(): boolean {
    if (!this.hasRoom) this.#end();
    return this.hasRoom;
  }
}
