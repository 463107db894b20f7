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
  /** What the source knows to be missing between the frame before and this one. */
  readonly lossesBefore?: readonly SourceLoss[];
  /** By how much the clock that stamps its frames was set since the source began, where the source has put their times right. */
  readonly clockSet?: ClockSet | undefined;
  /** What the server says of it that it was received from. */
  readonly sent?: SentPicture;
}

/** What a source gives its frames to. None of its members throws or waits: a frame has reached every viewer when `take` returns. */
export interface FrameSink {
  /** False when nothing more is taken: the stream has stopped, or this run of the source is over. */
  readonly hasRoom: boolean;
  /** True when the run was ended since no frame came for too long. */
  readonly isSilent: boolean;
  /** Takes a frame. One that is no whole JPEG is counted and passed over. @returns `hasRoom`. */
  take(frame: SourceFrame): boolean;
  /**
   * Memory of the stream itself, `bytes` long, into which the source may write a JPEG: given to `take`, all of it or its
   * beginning, it is not copied. After that it is the stream's, and the source must not touch it.
   * @returns Undefined where a frame of that size is not taken.
   */
  room(bytes: number): Uint8Array | undefined;
  /** The source could not deliver this: the next frame says so. */
  lost(loss: SourceLoss): void;
}

/** A source that gives frames as they come. */
export interface RunningSource {
  /**
   * Opens the device, and gives its frames to `sink` until `signal` aborts. Settles when the device is closed.
   * @throws Why it gives no more frames, where nobody ended it.
   */
  run(sink: FrameSink, signal: AbortSignal): Promise<void>;
}

/** A source whose frames are asked for one after another: the shortest to write. */
export interface IterableSource {
  /** Frames until `signal` aborts. The device is opened by the first and closed after the last. */
  frames(signal: AbortSignal): AsyncIterable<SourceFrame>;
}

/** Where frames come from, in either shape. A source knows nothing of Things, HTTP or viewers. */
export type FrameSource = RunningSource | IterableSource;

/** The source as one that runs. */
export function runningSource(source: FrameSource): RunningSource {
  return "run" in source ? source : fromIterable((signal) => source.frames(signal));
}

/** A source that runs, of one whose frames are asked for. */
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
