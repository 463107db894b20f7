import { now } from "../base/clock.ts";
import type { ClockStep } from "../base/wall-clock.ts";
import type { RemoteFrame } from "../client/mjpeg-reader.ts";

/** A timestamp that is further than this from the time of day is no time of day, ms. */
const CLOCK_RANGE_MS = 24 * 3600_000;
/** A frame cannot come before it was captured, nor be captured before the one in front of it: beyond this a clock was set, ms. */
const STEP_MS = 1000;

/**
 * When another server's frames were captured, by its clock as it was set when the first one came: where it is set meanwhile,
 * times go on as before, and the step is told.
 */
export class RemoteTimes {
  readonly #onStep: (step: ClockStep) => void;
  #steppedBy = 0;
  /** How far the server's clock is ahead of ours at most: by what the quickest frame seemed to take. */
  #aheadMs = Number.NEGATIVE_INFINITY;
  #last: { readonly capturedAt: number; readonly cameAt: number } | undefined;

  constructor(onStep: (step: ClockStep) => void) {
    this.#onStep = onStep;
  }

  /**
   * Epoch ms; never less than of the frame before.
   * @param cameAt - When the frame came, on the clock of `now()`.
   */
  of(frame: Pick<RemoteFrame, "capturedAt" | "receivedAt" | "numberedBy">, cameAt = now()): number {
    const said = timeOf(frame);
    const last = this.#last ?? { capturedAt: said, cameAt };
    let capturedAt = said - this.#steppedBy;
    const isAhead = this.#last !== undefined && capturedAt - cameAt > this.#aheadMs + STEP_MS;
    if (isAhead || capturedAt < last.capturedAt - STEP_MS) {
      const expected = last.capturedAt + cameAt - last.cameAt;
      const byMs = Math.round(capturedAt - expected);
      this.#steppedBy += byMs;
      capturedAt -= byMs;
      this.#onStep({ at: capturedAt, byMs });
    }
    this.#aheadMs = Math.max(this.#aheadMs, capturedAt - cameAt);
    this.#last = { capturedAt: Math.max(capturedAt, last.capturedAt), cameAt };
    return this.#last.capturedAt;
  }
}

function timeOf({
  capturedAt,
  receivedAt,
  numberedBy,
}: Pick<RemoteFrame, "capturedAt" | "receivedAt" | "numberedBy">): number {
  if (capturedAt === undefined) return receivedAt;
  const isTimeOfDay = Math.abs(capturedAt - receivedAt) < CLOCK_RANGE_MS;
  return isTimeOfDay || numberedBy === "server" ? capturedAt : receivedAt;
}
