import type { ClockSet } from "../frames/clock-set.ts";
import type { Frame, Origin, SourceLoss } from "../frames/frame.ts";
import type { OutletOptions } from "./frame-outlet.ts";
import type { EncodeStats } from "./variants.ts";
import type { ViewerStats } from "./viewers.ts";

/** The largest frame that a stream takes by default: what one server shows is not too large for another. */
export const MAX_FRAME_BYTES = 32 * 2 ** 20;

/** How much a stream holds and takes. */
export interface StreamOptions extends OutletOptions {
  /** How many frames are held; all of them can be read. */
  readonly ringbufferSize?: number;
  /** The stream's name in the `origin` of frames that others re-serve. */
  readonly name?: string;
  /** A larger JPEG is refused. */
  readonly maxFrameBytes?: number;
}

/** What is known of a frame beside its picture. */
export interface FrameOptions {
  /** End of exposure, epoch ms; without it the frame is stamped on arrival. */
  readonly capturedAt?: number | undefined;
  /** Where the frame was captured, if another stream captured it. */
  readonly origin?: Origin | undefined;
  /** What its source lost before it. */
  readonly lossesBefore?: readonly SourceLoss[] | undefined;
  /** By how much the clock of its source was set since the run began, where the source has put times right itself. */
  readonly clockSet?: ClockSet | undefined;
}

/** What a stream has taken, refused, sent and skipped. */
export interface StreamStats extends ViewerStats, EncodeStats {
  /** Frames taken. */
  added: number;
  /** Bytes of them. */
  addedBytes: number;
  /** Frames refused, by reason. */
  refused: { corrupt: number; tooLarge: number; stopped: number };
  /** Frames that the source says it lost before they came here, as far as it knows how many. */
  lostBySource: number;
  /** How often the source failed. */
  outages: number;
  /** Frames of the source that had two start markers or no end marker, and were put right. */
  mended: number;
  /** Pictures that were there already, where the source asks for one again and again. */
  unchangedPictures: number;
  /** Parts of the source's stream that were no pictures. */
  partsSkipped: number;
  /** Frames whose capture time was in the future or before their predecessor's, and was corrected. */
  correctedTimes: number;
}

/** A frame that is in use until its scope ends: `await using frame = await stream.bufferForReading(i)`. */
export type FrameInUse = Frame & AsyncDisposable;
