/** A frame of a recording, and where its JPEG stands in the file. */
export interface PlacedFrame {
  /** Capture time, epoch ms. */
  readonly capturedAt: number;
  /** Byte of the file at which the JPEG begins. */
  readonly offset: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  /** Which frame of its stream it was; undefined where no ledger says that. */
  readonly run?: string | undefined;
  readonly index?: number | undefined;
}

/** Time in which a recording has no frame, though it should. */
export interface Gap {
  /** Capture time of the frame before it, epoch ms. */
  readonly from: number;
  /** Capture time of the frame behind it, epoch ms. */
  readonly to: number;
  /** Frames of the stream that are missing there, if that is known. */
  readonly lost: number;
}

/** More frames than this are not played: nine hours of 30 a second. */
export const MOST_FRAMES = 1_000_000;
const MOST_GAPS = 500;
/** An interval that is so many times the usual one is a gap. */
const GAP_FACTOR = 4;
const INTERVALS_LOOKED_AT = 200;

/** The frames of a recording in their order, 28 bytes each. */
export class FrameTable {
  #times = new Float64Array(1024);
  #offsets = new Float64Array(1024);
  #sizes = new Uint32Array(1024);
  #indices = new Float64Array(1024);
  readonly #runs: { readonly from: number; readonly run: string | undefined }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Whether it holds as many frames as it may. */
  get isFull(): boolean {
    return this.#count >= MOST_FRAMES;
  }

  /** Adds the next frame. One whose place or time contradicts those before it is left out. */
  add({ capturedAt, offset, size, run, index }: PlacedFrame): void {
    const n = this.#count;
    const isNext = n === 0 || (offset > this.#offsets[n - 1]! && capturedAt >= this.#times[n - 1]!);
    if (this.isFull || !isNext || size <= 0) return;
    if (n === this.#times.length) this.#grow();
    this.#times[n] = capturedAt;
    this.#offsets[n] = offset;
    this.#sizes[n] = size;
    this.#indices[n] = index ?? Number.NaN;
    if (n === 0 || this.#runs.at(-1)!.run !== run) this.#runs.push({ from: n, run });
    this.#count += 1;
  }

  /** Frame `n`, from 0. */
  at(n: number): PlacedFrame | undefined {
    if (n < 0 || n >= this.#count) return undefined;
    const index = this.#indices[n]!;
    return {
      capturedAt: this.#times[n]!,
      offset: this.#offsets[n]!,
      size: this.#sizes[n]!,
      run: this.#runs.findLast(({ from }) => from <= n)?.run,
      index: Number.isNaN(index) ? undefined : index,
    };
  }

  /** The frame that was the newest at a time, epoch ms; the first one before that. */
  newestAt(time: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Where frames are missing, by their indices, or because more time has passed than usual; the first 500 places. */
  gaps(): Gap[] {
    const longest = GAP_FACTOR * this.#usualInterval();
    const gaps: Gap[] = [];
    for (let n = 1; n < this.#count && gaps.length < MOST_GAPS; n++) {
      const [from, to] = [this.#times[n - 1]!, this.#times[n]!];
      const step = this.#indices[n]! - this.#indices[n - 1]!;
      const lost = step > 1 ? step - 1 : 0; // NaN where it is not known; less where a new run begins
      if (lost > 0 || to - from > longest) gaps.push({ from, to, lost });
    }
    return gaps;
  }

  #usualInterval(): number {
    const last = Math.min(this.#count, INTERVALS_LOOKED_AT);
    const intervals = Float64Array.from(
      { length: Math.max(0, last - 1) },
      (_, n) => this.#times[n + 1]! - this.#times[n]!,
    ).sort();
    return intervals[intervals.length >> 1] || Number.POSITIVE_INFINITY;
  }

  #grow(): void {
    const length = Math.min(2 * this.#times.length, MOST_FRAMES);
    const grown = <A extends Float64Array | Uint32Array>(before: A, after: A): A => {
      after.set(before);
      return after;
    };
    this.#times = grown(this.#times, new Float64Array(length));
    this.#offsets = grown(this.#offsets, new Float64Array(length));
    this.#sizes = grown(this.#sizes, new Uint32Array(length));
    this.#indices = grown(this.#indices, new Float64Array(length));
  }
}
