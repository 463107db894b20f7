import { abortable } from "../base/abort.ts";
import type { ClockSet } from "./clock-set.ts";
import type { Origin, SourceLoss } from "./frame.ts";
import type { SentPicture } from "./sent-picture.ts";

/** A picture on its way into a stream. */
export interface SourceFrame {
  /** One whole JPEG file. The stream copies it, so the source may reuse the memory afterwards; unless it is `room` of the sink. */
  readonly jpeg: Uint8Array;
  /** End of exposure on the clock of `now()`, ms; without it the stream stamps the frame on arrival. */
  readonly capturedAt?: number;
  /** Where the frame was captured, if another stream captured it. */
  readonly origin?: Origin;
  /** What the source knows to be missing between the previous frame and this one. */
  readonly lossesBefore?: readonly SourceLoss[];
  /** How far the clock that stamps the frames has been set since the source began, if the source has corrected their times. */
  readonly clockSet?: ClockSet | undefined;
  /** The frame's identity at the server that sent it. */
  readonly sent?: SentPicture;
}

/** What a source passes over: a picture that was there already, or a part of its stream that is no picture. */
export type PassedOver = "unchanged" | "part";

/** Receives a source's frames. Its members never throw or wait: a frame has reached every viewer when `take` returns. */
export interface FrameSink {
  /** False when no more frames are accepted: the stream has stopped, or this run of the source has ended. */
  readonly hasRoom: boolean;
  /** True if the run was ended because no frame arrived in time. */
  readonly isSilent: boolean;
  /** Takes a frame. One that is not a whole JPEG is counted and skipped. @returns `hasRoom`. */
  take(frame: SourceFrame): boolean;
  /**
   * Memory of the stream itself, `bytes` long, into which the source may write a JPEG: given to `take`, all of it or its
   * beginning, it is not copied. After that it is the stream's, and the source must not touch it.
   * @returns Undefined if a frame of that size is not accepted.
   */
  room(bytes: number): Uint8Array | undefined;
  /** The device answers, but has nothing new: that is no silence. */
  alive?(): void;
  /** Whoever sends the frames says that they have stopped, and why: the connection stands, and they may come again. */
  stalled?(reason: string): void;
  /** The source could not deliver this: the next frame says so. */
  lost(loss: SourceLoss): void;
  /** The frames are of another server, and come through sources with these ids, as far as is known now. @returns False when that is a ring. */
  comesThrough?(ids: readonly string[]): boolean;
  /** Something came that is no new frame, and is only counted. */
  passed?(what: PassedOver): void;
  /**
   * From now on silence is not a fault: the device changes its mode, or takes a picture beside the stream.
   * @returns A function that ends that.
   */
  expectSilence?(): () => void;
}

/** A source that pushes frames as they arrive. */
export interface RunningSource {
  /**
   * Opens the device and passes its frames to `sink` until `signal` aborts. Settles when the device is closed.
   * @throws The reason why it cannot deliver more frames.
   */
  run(sink: FrameSink, signal: AbortSignal): Promise<void>;
}

/** A source whose frames are pulled one after another: the shortest to write. */
export interface IterableSource {
  /** Frames until `signal` aborts. The device is opened by the first and closed after the last. */
  frames(signal: AbortSignal): AsyncIterable<SourceFrame>;
}

/** Where frames come from, in either shape. A source knows nothing of Things, HTTP or viewers. */
export type FrameSource = RunningSource | IterableSource;

/** The source as a RunningSource. */
export function runningSource(source: FrameSource): RunningSource {
  return "run" in source ? source : fromIterable((signal) => source.frames(signal));
}

/** A RunningSource from an IterableSource's frames. */
export function fromIterable(framesOf: IterableSource["frames"]): RunningSource {
  return {
    async run(sink, signal) {
      const frames = framesOf(signal)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await abortable(Promise.resolve(frames.next()), signal);
          if (next.done || !sink.take(next.value)) return;
        }
      } finally {
        await frames.return?.();
      }
    },
  };
}
