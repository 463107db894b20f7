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

/** What a source could not deliver, reported with the next frame. */
export interface SourceLoss {
  /** `lost`: by the driver, the pipeline or in transit. `refused`: it was not a whole JPEG. `outage`: the source had failed, or stalled. */
  readonly what: "lost" | "refused" | "outage";
  /** How many frames; 0 if unknown. */
  readonly count: number;
  readonly why: string;
}

/** Frames of a run that never came into its stream, in all: lost by its source, or refused since they were no whole JPEG. */
export interface LostSum {
  readonly lost: number;
  readonly refused: number;
}

/** One picture of a stream. `(stream, run, index)` is its identity everywhere. Immutable and shared: never write to it. */
export interface Frame {
  /** Short id of the run: new at each start and at each reset of the stream. */
  readonly run: string;
  /** Counts from 0 in its run. */
  readonly index: number;
  /** End of exposure on the clock of `now()`, ms with microseconds after the point; later than that of the previous frame in its run. `wallTime` converts it to the time of day. */
  readonly capturedAt: number;
  /** One complete JPEG file. */
  readonly jpeg: Uint8Array;
  /** Pixels as displayed: upright, whatever its EXIF orientation. */
  readonly width: number;
  /** Pixels as displayed. */
  readonly height: number;
  readonly origin?: Origin;
  /** What its source lost since the previous frame. Lost pictures never were frames and have no index. */
  readonly lossesBefore?: readonly SourceLoss[];
  /** All that was lost or refused since the run began, if anything was: who skips frames knows it, too. */
  readonly lostSum?: LostSum | undefined;
  /** Set if the clock of its source was set since the run began. Times continue as if it had not been. */
  readonly clockSet?: ClockSet | undefined;
}

/** A frame's identity without its picture: the last frame of a file that another follows. */
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
