import type { Attempt } from "../base/attempt.ts";
import type { SourceLoss } from "../frames/frame.ts";
import type { FrameSink, PassedOver, SourceFrame } from "../frames/frame-source.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";

/** Who runs a source. */
interface SinkOwner {
  /** Takes a frame. @returns Whether it was one. */
  take(frame: SourceFrame): boolean;
  /** The stream takes no more frames. */
  stopped(): void;
  /** The source's frames have stopped, as it says itself. */
  stalled(reason: string): void;
  /** The source has nothing new, and is there. */
  answered(): void;
}

/** Where one run of a source puts its frames: a stream, for as long as the run lasts. */
export class SourceSink implements FrameSink {
  readonly #stream: MJPEGStream;
  readonly #attempt: Attempt;
  readonly #owner: SinkOwner;
  #isClosed = false;
  /** How many expect silence now: a mode may be changed, and a still taken, at once. */
  #silences = 0;

  constructor(stream: MJPEGStream, attempt: Attempt, owner: SinkOwner) {
    this.#stream = stream;
    this.#attempt = attempt;
    this.#owner = owner;
    attempt.signal.addEventListener("abort", () => {
      this.#isClosed = true;
    });
  }

  get hasRoom(): boolean {
    return !this.#isClosed && this.#stream.streaming;
  }

  get isSilent(): boolean {
    return this.#attempt.isSilent;
  }

  take(frame: SourceFrame): boolean {
    if (!this.#isOpen()) return false;
    try {
      if (this.#owner.take(frame)) this.#attempt.heartbeat();
    } catch (error) {
      this.#attempt.fail(error); // a source has no fault in it, and would throw it who knows where
    }
    return this.hasRoom;
  }

  room(bytes: number): Uint8Array | undefined {
    return this.#isOpen() ? this.#stream.room(bytes) : undefined;
  }

  alive(): void {
    if (!this.#isOpen()) return;
    this.#attempt.heartbeat();
    this.#owner.answered();
  }

  stalled(reason: string): void {
    if (this.#isOpen()) this.#owner.stalled(reason);
  }

  lost(loss: SourceLoss): void {
    if (this.#isOpen()) this.#stream.noteLoss(loss);
  }

  comesThrough(ids: readonly string[]): boolean {
    return this.#stream.source.way.comesThrough(ids);
  }

  passed(what: PassedOver): void {
    this.#stream.notePassed(what);
  }

  expectSilence(): () => void {
    this.#silences += 1;
    this.#attempt.pause();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#silences -= 1;
      if (this.#silences === 0) this.#attempt.resume();
    };
  }

  #isOpen(): boolean {
    if (!this.hasRoom && !this.#isClosed) this.#owner.stopped();
    return this.hasRoom;
  }
}
