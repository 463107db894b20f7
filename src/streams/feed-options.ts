import type { Log } from "../base/log.ts";
import type { SourcePhase } from "./source-state.ts";

/** When a source runs, and when it has failed. */
export interface FeedOptions {
  /** Runs the source also while nobody wants frames. */
  readonly keepWarm?: boolean;
  /** How long the source runs on after the last who wanted frames, ms: opening a camera again is slow. */
  readonly lingerMs?: number;
  /** The pause after a first failure, ms; it doubles while failures follow one another. */
  readonly backOffMs?: number;
  /** No pause is longer, ms: a device that is back is found within this time. */
  readonly longestBackOffMs?: number;
  /** A source that gives no first frame within this time has failed, ms. */
  readonly startMs?: number;
  /**
   * A running source that is silent for this long, and for five of its periods, has failed, ms; 0: it may be silent. One whose period
   * is known has stalled after a second and five periods, if that is sooner; then it is still open.
   */
  readonly silenceMs?: number;
  /** What is known of a source that is silent, as a sentence; undefined: nothing. */
  readonly silence?: (() => string | undefined) | undefined;
  /** True: a source that ends, or fails, is over. It is not started again, and the stream stops. */
  readonly once?: boolean | undefined;
  readonly log?: Log;
  readonly onState?: (state: SourcePhase, reason?: string) => void;
  /** A picture for viewers that says why there are no frames. */
  readonly placeholder?: (
    reason: string,
  ) => Promise<Uint8Array | undefined> | Uint8Array | undefined;
}
