import type { ClockStep } from "../base/wall-clock.ts";

/** Where a re-served frame was captured first. */
export interface Origin {
  /** URL or name of the stream that captured it. */
  readonly stream: string;
  readonly run: string;
  readonly index: number;
  /** Epoch ms on the capturing machine's clock. */
  readonly capturedAt: number;
}

/** What a source could not deliver, told with the frame that came next. */
export interface SourceLoss {
  /** `lost`: by the driver, the pipeline or on the way. `refused`: it came and was no whole JPEG. `outage`: the source had failed. */
  readonly what: "lost" | "refused" | "outage";
  /** How many frames; 0 when nobody knows. */
  readonly count: number;
  readonly why: string;
}

/** One picture of a stream. `(stream, run, index)` is its identity everywhere. Immutable and shared: never write to it. */
export interface Frame {
  /** Short id of the run: new at each start and at each reset of the stream. */
  readonly run: string;
  /** Counts up by 1 from 0 in its run. */
  readonly index: number;
  /** End of exposure on the clock of `now()`, ms with microseconds after the point; never steps back in a run. `wallTime` makes it the time of day. */
  readonly capturedAt: number;
  /** One complete JPEG file. */
  readonly jpeg: Uint8Array;
  /** Pixels, as it is shown: upright, whatever EXIF says of how it lies in its JPEG. */
  readonly width: number;
  /** Pixels, as it is shown. */
  readonly height: number;
  readonly origin?: Origin;
  /** What its source lost before it, since the frame before. Such pictures never were frames: they have no index. */
  readonly lossesBefore?: readonly SourceLoss[];
  /** The clock of its source was set before it. Times go on as if it had not been. */
  readonly clockStep?: ClockStep;
}
