import type { ClockSet } from "./clock-set.ts";

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
  /** End of exposure on the clock of `now()`, ms with microseconds after the point; later than that of the frame before in its run. `wallTime` makes it the time of day. */
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
  /** The clock of its source was set since the run began. Times go on as if it had not been. */
  readonly clockSet?: ClockSet | undefined;
}

/** Which frame it was, where its picture is not needed: the last of a file that another follows. */
export type FrameName = Pick<Frame, "run" | "index" | "capturedAt" | "clockSet">;

/** What is remembered of a frame when its picture is gone. */
export interface FrameEntry {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms: on the clock of `now()`, or as the server that told of the frame has it. */
  readonly capturedAt: number;
  /** Bytes of the JPEG. */
  readonly size: number;
}

/** What a reader of every frame is told instead of frames: some are gone, or a new run has begun. */
export type FrameGap =
  | {
      readonly kind: "gap";
      readonly run: string;
      /** First index that is gone or was missed. */
      readonly from: number;
      /** Last index. */
      readonly to: number;
    }
  | { readonly kind: "run"; readonly run: string; readonly previousRun: string };
