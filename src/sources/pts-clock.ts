const MARGIN_MS = 1; // between the end of an exposure and its arrival, at least: it is encoded in between
const DRIFT_SEEN_MS = 10;
const WINDOW_MS = 30_000;

/**
 * Turns a pipeline's presentation times into epoch milliseconds. The first frame's arrival anchors them; a frame that
 * arrives before its time by that anchor proves that the first one came late, and moves the anchor. So no frame is ever
 * said to be captured after it arrived, and between such moves, soon after a start, intervals are the pipeline's own.
 * A pipeline whose clock is slower than ours is followed every half minute.
 */
export class PtsClock {
  #offset = Number.NaN;
  #windowEndsAt = 0;
  #leastLate = Number.POSITIVE_INFINITY;

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
