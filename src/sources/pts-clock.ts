import { type ClockSet, setBy } from "../frames/clock-set.ts";

const MARGIN_MS = 1; // between the end of an exposure and its arrival, at least: it is encoded in between
const DRIFT_SEEN_MS = 10;
const WINDOW_MS = 30_000;
/** A clock that falls back by this much at once has been set; less is jitter. */
const BACK_MS = 100;
/** One that leaps ahead by this much has been set, */
const AHEAD_MS = 1000;
/** unless its first frames came late. */
const LATE_MS = 10_000;

/**
 * Turns a pipeline's presentation times into epoch milliseconds. The first frame's arrival anchors them; a frame that
 * arrives before its time by that anchor proves that the first one came late, and moves the anchor. So no frame is ever
 * said to be captured after it arrived, and between such moves, soon after a start, intervals are the pipeline's own.
 * A pipeline whose clock is slower than ours is followed every half minute. All outputs of a pipeline share one.
 */
export class PtsClock {
  #offset = Number.NaN;
  #windowEndsAt = 0;
  #leastLate = Number.POSITIVE_INFINITY;

  /** What makes a presentation time one of `now()`, ms. */
  get offset(): number {
    return this.#offset;
  }

  /** @param ptsMs - Presentation time. @param arrivedAt - Epoch ms. @returns When the frame was captured, epoch ms. */
  captured(ptsMs: number, arrivedAt: number): number {
    const late = arrivedAt - (ptsMs + this.#offset);
    if (!(late >= 0)) this.#anchor(ptsMs, arrivedAt);
    else this.#watchDrift(late, arrivedAt);
    return ptsMs + this.#offset;
  }

  /** The next frame anchors the times anew: they jumped back. */
  reset(): void {
    this.#offset = Number.NaN;
  }

  #anchor(ptsMs: number, arrivedAt: number): void {
    this.#offset = arrivedAt - MARGIN_MS - ptsMs;
    this.#startWindow(arrivedAt);
  }

  #watchDrift(late: number, arrivedAt: number): void {
    this.#leastLate = Math.min(this.#leastLate, late);
    if (arrivedAt < this.#windowEndsAt) return;
    if (this.#leastLate > DRIFT_SEEN_MS) this.#offset += this.#leastLate - MARGIN_MS;
    this.#startWindow(arrivedAt);
  }

  #startWindow(arrivedAt: number): void {
    this.#leastLate = Number.POSITIVE_INFINITY;
    this.#windowEndsAt = arrivedAt + WINDOW_MS;
  }
}

/** The times of the frames of one output. Where its clock is set, back or forth, they go on as the frames come, and that is told. */
export class PtsTimes {
  readonly #clock: PtsClock;
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  #offset = Number.NaN;
  #begunAt = Number.NaN;
  #clockSet: ClockSet | undefined;

  constructor(clock = new PtsClock()) {
    this.#clock = clock;
  }

  /** @param ptsMs - Presentation time. @param arrivedAt - On the clock of `now()`. */
  next(ptsMs: number, arrivedAt: number): { capturedAt: number; clockSet?: ClockSet | undefined } {
    if (ptsMs < this.#lastPtsMs) this.#clock.reset();
    this.#lastPtsMs = ptsMs;
    const capturedAt = this.#clock.captured(ptsMs, arrivedAt);
    const byMs = this.#offset - this.#clock.offset;
    this.#offset = this.#clock.offset;
    if (Number.isNaN(this.#begunAt)) this.#begunAt = arrivedAt;
    const isStart = arrivedAt - this.#begunAt < LATE_MS;
    if (byMs <= -BACK_MS || byMs >= (isStart ? LATE_MS : AHEAD_MS))
      this.#clockSet = setBy(this.#clockSet, { at: capturedAt, byMs });
    return { capturedAt, clockSet: this.#clockSet };
  }
}
