/** So many numbers back a late frame is still known for one that was missing. */
const WINDOW = 1024;

/** Which numbers of a stream have come: what is missing, what came twice, what came late. */
export class FrameNumbers {
  readonly #seen = new Uint8Array(WINDOW);
  #first = -1;
  #highest = -1;
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

  /** Takes note of a number. @returns False for one that has come before. */
  add(fno: number): boolean {
    if (this.#first < 0 || fno <= this.#highest - WINDOW) this.#begin(fno);
    const isNew = fno > this.#highest;
    if (isNew) {
      this.#seen.fill(0, 0, fno - this.#highest >= WINDOW ? WINDOW : 0);
      for (let n = Math.max(this.#highest + 1, fno - WINDOW + 1); n < fno; n++) this.#mark(n, 0);
      this.#highest = fno;
    } else if (this.#seen[fno % WINDOW] === 1) {
      this.#duplicates++;
      return false;
    }
    this.#mark(fno, 1);
    this.#first = Math.min(this.#first, fno);
    this.#received++;
    return true;
  }

  get #missingNow(): number {
    return this.#first < 0 ? 0 : this.#highest - this.#first + 1 - this.#received;
  }

  #begin(fno: number): void {
    this.#missingBefore += this.#missingNow;
    this.#seen.fill(0);
    this.#first = fno;
    this.#highest = fno - 1;
    this.#received = 0;
    this.#runs++;
  }

  #mark(fno: number, seen: 0 | 1): void {
    this.#seen[fno % WINDOW] = seen;
  }
}
