/** So many numbers back a late frame is still known for one that was missing. */
const WINDOW = 1024;

/** Which numbers of a stream have come: what is missing, what came twice, what came late. */
export class FrameNumbers {
  readonly #seen = new Uint8Array(WINDOW);
  #first = -1;
  #highest = -1;
  /** The times of the first frame of this run that came, and of the one with the highest number. */
  #beganAt = Number.NEGATIVE_INFINITY;
  #highestAt = Number.NEGATIVE_INFINITY;
  #received = 0;
  #missingBefore = 0;
  #duplicates = 0;
  #runs = 0;

  /** How often the numbers began anew, because the stream did. */
  get run(): number {
    return this.#runs;
  }

  get counts() {
    return { missing: this.missing, duplicates: this.#duplicates };
  }

  /** Numbers between the first and the highest that have not come (yet), of all runs. */
  get missing(): number {
    return this.#missingBefore + this.#missingNow;
  }

  /**
   * Takes note of a frame. One that has a lower number than another but was sent after it is of a stream that began anew.
   * @param ftime - When it was sent, on its sender's clock.
   * @returns False for one that has come before.
   */
  add(fno: number, ftime: number): boolean {
    const isNewRun = fno <= this.#highest && ftime > this.#highestAt;
    if (this.#first < 0 || isNewRun) this.#begin(fno, ftime);
    if (fno > this.#highest) {
      if (ftime < this.#beganAt) return true; // of the run before, and late
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

  /** The numbers up to this one are still to come. */
  #skipTo(fno: number, ftime: number): void {
    if (fno - this.#highest >= WINDOW) this.#seen.fill(0);
    else for (let n = this.#highest + 1; n < fno; n++) this.#seen[n % WINDOW] = 0;
    this.#highest = fno;
    this.#highestAt = ftime;
  }
}
