import type { ClockSet } from "./clock-set.ts";
import type { Origin, SourceLoss } from "./frame.ts";

/** A picture on its way into a stream. */
export interface SourceFrame {
  /** One whole JPEG file. The stream copies it, so the source may reuse the memory afterwards. */
  readonly jpeg: Uint8Array;
  /** End of exposure on the clock of `now()`, ms; without it the stream stamps the frame on arrival. */
  readonly capturedAt?: number;
  /** Where the frame was captured, if another stream captured it. */
  readonly origin?: Origin;
  /** What the source knows to be missing between the frame before and this one. */
  readonly lossesBefore?: readonly SourceLoss[];
  /** By how much the clock that stamps its frames was set since the source began, where the source has put their times right. */
  readonly clockSet?: ClockSet | undefined;
}

/** Where frames come from. A source knows nothing of Things, HTTP or viewers. */
export interface FrameSource {
  /** Frames until `signal` aborts. The device is opened by the first and closed after the last. */
  frames(signal: AbortSignal): AsyncIterable<SourceFrame>;
}
