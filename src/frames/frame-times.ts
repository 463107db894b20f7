import { now } from "../base/clock.ts";
import type { ClockStep } from "../base/wall-clock.ts";

/** Minimum distance of two frames, ms: the resolution of a recording. */
export const CLOSEST_MS = 0.1;
/** If frames arrive further apart than this, ms, but their times do not differ, their clock has stopped. */
const STILL_MS = 5;
/** A time that goes back further than this, ms, means that the clock was set; less is jitter. */
const BACK_MS = 100;
/** Frames are considered live once they have arrived at capture speed for this long, ms. */
const LIVE_MS = 300;
/** A frame that is further than this in the future was not stamped by our clock, ms. */
const FUTURE_MS = 1000;
/** The latest valid time of a frame, epoch ms. */
const LATEST_MS = Date.UTC(2200, 0, 1);

/** How a clock that stamps frames is judged. */
export interface FrameTimesOptions {
  /** A frame that seems to have come this much quicker than any before, ms, has its time from a clock that was set forward. */
  readonly aheadMs: number;
  /** Frames come as they are captured for certain. Else that shows in how they come: those before a trigger come all at once. */
  readonly isLive?: boolean | undefined;
  /** A frame alone that another has overtaken by less than this, ms, comes right behind that one: 0 when absent. */
  readonly overtakenMs?: number | undefined;
}

/** A frame's corrected time. */
interface FrameTime {
  /** Later than that of the previous frame, by their true distance. */
  readonly capturedAt: number;
  /** Set if the clock that stamps the frames was set before this one; times continue as if it had not been. */
  readonly step?: ClockStep | undefined;
}

/**
 * Checks all frame times: they never go back or stand still. If the clock that stamps the frames is set, they continue as the
 * frames arrive, and the step is reported.
 */
export class FrameTimes {
  readonly #options: FrameTimesOptions;
  /** How far the clock has been set since the first frame, ms. */
  #setBy = 0;
  /** How far the clock is ahead of arrival at most: by what the quickest frame seemed to take. */
  #aheadMs = Number.NEGATIVE_INFINITY;
  #first: { readonly capturedAt: number; readonly cameAt: number } | undefined;
  #last: { readonly capturedAt: number; readonly cameAt: number } | undefined;
  /** By the clock that stamps the frames. */
  #lastSaid = 0;
  /** The newest frame's time: later than that of `#last` where that has overtaken it. */
  #given = 0;
  #wasOvertaken = false;

  constructor(options: FrameTimesOptions) {
    this.#options = options;
  }

  /**
   * The next frame's time. @param said - By the clock that stamps the frames, ms; a time, by `timeFault`.
   * @param cameAt - When it came, on the clock of `now()`.
   */
  next(said: number, cameAt: number = now()): FrameTime {
    const last = this.#last;
    const capturedAt = said - this.#setBy;
    const isSetBack = said < this.#lastSaid - BACK_MS;
    if (!last) return this.#take(said, capturedAt, cameAt);
    const expected = Math.max(last.capturedAt + cameAt - last.cameAt, this.#given + CLOSEST_MS);
    const isStill = capturedAt < last.capturedAt + CLOSEST_MS && cameAt > last.cameAt + STILL_MS;
    const isBack = capturedAt <= this.#given || isStill;
    if (capturedAt <= last.capturedAt && this.#mayBeOvertaken(last, capturedAt))
      return this.#give(this.#given + CLOSEST_MS);
    this.#wasOvertaken = isBack;
    if ((isBack && isSetBack) || this.#isAhead(capturedAt, cameAt)) {
      const byMs = capturedAt - expected;
      this.#setBy += byMs;
      const step = { at: expected, byMs: Math.round(byMs) };
      return { ...this.#take(said, expected, cameAt), step };
    }
    return this.#take(said, isBack ? expected : capturedAt, cameAt);
  }

  /** The same for a frame of which the clock says nothing that could be: it is as much later than the one before as it came later. */
  untimed(cameAt: number = now()): FrameTime {
    const last = this.#last;
    return this.next(last ? this.#lastSaid + cameAt - last.cameAt : cameAt, cameAt);
  }

  #take(said: number, capturedAt: number, cameAt: number): FrameTime {
    this.#lastSaid = said;
    this.#aheadMs = Math.max(this.#aheadMs, capturedAt - cameAt);
    this.#last = { capturedAt, cameAt };
    this.#first ??= this.#last;
    return this.#give(capturedAt);
  }

  #give(capturedAt: number): FrameTime {
    this.#given = capturedAt;
    return { capturedAt };
  }

  #mayBeOvertaken(last: { readonly capturedAt: number }, capturedAt: number): boolean {
    const { overtakenMs = 0 } = this.#options;
    const isFirst = !this.#wasOvertaken;
    this.#wasOvertaken = true;
    return isFirst && last.capturedAt - capturedAt < overtakenMs;
  }

  #isAhead(capturedAt: number, cameAt: number): boolean {
    const aheadMs = capturedAt - cameAt;
    const isEarly = aheadMs > this.#aheadMs + this.#options.aheadMs;
    if (!isEarly || this.#options.isLive) return isEarly;
    if (aheadMs > FUTURE_MS && this.#aheadMs < FUTURE_MS) return true;
    const [first, last] = [this.#first!, this.#last!];
    const cameMs = last.cameAt - first.cameAt;
    return cameMs >= Math.max(LIVE_MS, (last.capturedAt - first.capturedAt) / 2);
  }
}

/** Why a number is not a valid frame time, in words that follow "its time"; undefined if it is. */
export function timeFault(capturedAt: number): string | undefined {
  if (typeof capturedAt !== "number" || Number.isNaN(capturedAt)) return "is not a number";
  if (capturedAt < 0) return "is before 1970";
  return capturedAt < LATEST_MS ? undefined : "is after 2199";
}
