/** How far back a late frame is recognised as one that was missing. */
const WINDOW = 1024;

/** Tracks the frame numbers of a stream: missing, duplicate and late ones. */
export class FrameNumbers {
  readonly #seen = new Uint8Array(WINDOW);
  #first = -1;
  #highest = -1;
  /** The times of this run's first received frame, and of the one with the highest number. */
  #beganAt = Number.NEGATIVE_INFINITY;
  #highestAt = Number.NEGATIVE_INFINITY;
  #received = 0;
  #missingBefore = 0;
  #duplicates = 0;
  #runs = 0;

  /** How often the stream, and so its numbering, has restarted. */
  get run(): number {
    return this.#runs;
  }

  get counts() {
    return { missing: this.missing, duplicates: this.#duplicates };
  }

  /** Numbers between the first and the highest that have not arrived (yet), of all runs. */
  get missing(): number {
    return this.#missingBefore + this.#missingNow;
  }

  /**
   * Records a frame. A lower number with a later time means that the stream has restarted.
   * @param ftime - When it was sent, on its sender's clock.
   * @returns False for a duplicate.
   */
  add(fno: number, ftime: number): boolean {
    const isNewRun = fno <= this.#highest && ftime > this.#highestAt;
    if (this.#first < 0 || isNewRun) this.#begin(fno, ftime);
    if (fno > this.#highest) {
      if (ftime < this.#beganAt) return true; // late, of the previous run
      this.#skipTo(fno, ftime);
    } else if (fno <= this.#highest - WINDOW || this.#seen[fno % WINDOW] === 1) {
      this.#duplicates++;
      return false;
    }
    this.#seen[fno % WINDOW] = 1;
    this.#first = Math.min(this.#first, fno);
    this.#received++;
    return true;
  }

  get #missingNow(): number {
    return this.#first < 0 ? 0 : this.#highest - this.#first + 1 - this.#received;
  }

  #begin(fno: number, ftime: number): void {
    this.#missingBefore += this.#missingNow;
    this.#seen.fill(0);
    this.#first = fno;
    this.#highest = fno - 1;
    this.#beganAt = ftime;
    this.#received = 0;
    this.#runs++;
  }

  /** Marks the numbers below this one as missing. */
  #skipTo(fno: number, ftime: number): void {
    if (fno - this.#highest >= WINDOW) this.#seen.fill(0);
    else for (let n = this.#highest + 1; n < fno; n++) this.#seen[n % WINDOW] = 0;
    this.#highest = fno;
    this.#highestAt = ftime;
  }
}
