import type { LedgerFrame } from "./ledger.ts";

const CHUNK_BITS = 15;
const CHUNK_FRAMES = 1 << CHUNK_BITS;

/** So many frames, a member of each in a row: 36 bytes a frame, 44 where another stream captured them. */
class Chunk {
  readonly run = new Uint32Array(CHUNK_FRAMES);
  readonly index = new Float64Array(CHUNK_FRAMES);
  readonly capturedAt = new Float64Array(CHUNK_FRAMES);
  readonly offset = new Float64Array(CHUNK_FRAMES);
  readonly size = new Uint32Array(CHUNK_FRAMES);
  readonly crc = new Uint32Array(CHUNK_FRAMES);
  originIndex: Float64Array | undefined;
}

/** The frames of a ledger, in order. A day of them, 2.6 million, takes 94 MB. */
export class LedgerFrames implements Iterable<LedgerFrame> {
  readonly #chunks: Chunk[] = [];
  readonly #runs: string[] = [];
  readonly #numberOfRun = new Map<string, number>();
  #length = 0;

  static of(frames: Iterable<LedgerFrame>): LedgerFrames {
    const all = new LedgerFrames();
    for (const frame of frames) all.push(frame);
    return all;
  }

  get length(): number {
    return this.#length;
  }

  push({ run, index, capturedAt, offset, size, crc, originIndex }: LedgerFrame): void {
    const at = this.#length & (CHUNK_FRAMES - 1);
    if (at === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunks.at(-1)!;
    chunk.run[at] = this.#runNumber(run);
    chunk.index[at] = index;
    chunk.capturedAt[at] = capturedAt;
    chunk.offset[at] = offset;
    chunk.size[at] = size;
    chunk.crc[at] = crc;
    if (originIndex !== undefined) chunk.originIndex ??= new Float64Array(CHUNK_FRAMES).fill(-1);
    if (chunk.originIndex) chunk.originIndex[at] = originIndex ?? -1;
    this.#length += 1;
  }

  /** Frame `n`; counted from the end when it is negative. */
  at(n: number): LedgerFrame | undefined {
    const place = n < 0 ? this.#length + n : n;
    const chunk = place < this.#length ? this.#chunks[place >> CHUNK_BITS] : undefined;
    if (!chunk) return undefined;
    const at = place & (CHUNK_FRAMES - 1);
    const originIndex = chunk.originIndex?.[at] ?? -1;
    return {
      run: this.#runs[chunk.run[at]!]!,
      index: chunk.index[at]!,
      capturedAt: chunk.capturedAt[at]!,
      offset: chunk.offset[at]!,
      size: chunk.size[at]!,
      crc: chunk.crc[at]!,
      ...(originIndex >= 0 && { originIndex }),
    };
  }

  /** When frame `n` was captured, epoch ms. */
  capturedAtOf(n: number): number {
    return this.#chunks[n >> CHUNK_BITS]!.capturedAt[n & (CHUNK_FRAMES - 1)]!;
  }

  /** Where the JPEG of frame `n` stands in the file. */
  offsetAt(n: number): number {
    return this.#chunks[n >> CHUNK_BITS]!.offset[n & (CHUNK_FRAMES - 1)]!;
  }

  /** Takes the last frames away, so that `length` of them are left. */
  cutTo(length: number): void {
    this.#length = Math.min(this.#length, length);
    this.#chunks.length = (this.#length + CHUNK_FRAMES - 1) >> CHUNK_BITS;
  }

  /** Says who frame `n` is. */
  identify(n: number, { run, index }: Pick<LedgerFrame, "run" | "index">): void {
    const chunk = this.#chunks[n >> CHUNK_BITS]!;
    chunk.run[n & (CHUNK_FRAMES - 1)] = this.#runNumber(run);
    chunk.index[n & (CHUNK_FRAMES - 1)] = index;
  }

  *[Symbol.iterator](): Generator<LedgerFrame, void> {
    for (let n = 0; n < this.#length; n++) yield this.at(n)!;
  }

  #runNumber(run: string): number {
    const known = this.#numberOfRun.get(run);
    if (known !== undefined) return known;
    this.#numberOfRun.set(run, this.#runs.length);
    return this.#runs.push(run) - 1;
  }
}
