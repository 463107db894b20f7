const LONGEST_DRIFT = 1e-4; // two clocks of computers differ by less than 100 parts per million

/**
 * Turns a pipeline's presentation times into epoch milliseconds. The first frame's arrival anchors them; a frame that
 * arrives before its time by that anchor proves that the first one came late, and moves the anchor. So no frame is ever
 * said to be captured after it arrived, and intervals are the pipeline's own.
 */
export class PtsClock {
  #offset = Number.NaN;
  #lastArrival = 0;

  /** @param ptsMs - Presentation time. @param arrivedAt - Epoch ms. @returns When the frame was captured, epoch ms. */
  captured(ptsMs: number, arrivedAt: number): number {
    const offset = arrivedAt - ptsMs;
    if (Number.isNaN(this.#offset)) this.#offset = offset;
    else this.#offset += LONGEST_DRIFT * (arrivedAt - this.#lastArrival); // lets the anchor follow a slower clock
    this.#offset = Math.min(this.#offset, offset);
    this.#lastArrival = arrivedAt;
    return ptsMs + this.#offset;
  }

  /** The next frame anchors the times anew: the program was started again, or its times jumped back. */
  reset(): void {
    this.#offset = Number.NaN;
  }
}
