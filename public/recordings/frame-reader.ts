import type { FrameTable, PlacedFrame } from "./frame-table.ts";
import type { ReadableFile } from "./mkv-scan.ts";

/** Frames that stand side by side are fetched together. */
const CHUNK_BYTES = 2 * 2 ** 20;
const MOST_CHUNKS = 8;

interface Chunk {
  readonly from: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Fetches the JPEGs of a recording, a piece of the file at a time, and keeps the last few pieces: 16 MiB, or more where frames are larger. */
export class FrameReader {
  readonly #file: ReadableFile;
  readonly #table: FrameTable;
  readonly #signal: AbortSignal;
  #chunks: Chunk[] = [];

  constructor(file: ReadableFile, table: FrameTable, signal: AbortSignal) {
    this.#file = file;
    this.#table = table;
    this.#signal = signal;
  }

  /** The JPEG of frame `n`; fewer bytes where the file ends before. @throws what the file throws. */
  async jpeg(n: number, isForward: boolean): Promise<Uint8Array<ArrayBuffer>> {
    const frame = this.#table.at(n)!;
    const chunk = this.#chunkWith(frame) ?? this.#fetch(n, isForward);
    const bytes = await chunk.bytes.catch((error) => {
      this.#forget(chunk);
      throw error;
    });
    const from = frame.offset - chunk.from;
    const jpeg = Uint8Array.from(bytes.subarray(from, from + frame.size));
    if (jpeg.length < frame.size) this.#forget(chunk); // it may be written in a moment
    return jpeg;
  }

  /** What was fetched of frame `n` is no picture: it is fetched again when it is wanted again. */
  refetch(n: number): void {
    const chunk = this.#chunkWith(this.#table.at(n)!);
    if (chunk) this.#forget(chunk);
  }

  /** Begins to fetch frame `n`, which will be wanted soon. */
  prepare(n: number): void {
    const frame = this.#table.at(n);
    if (frame && !this.#chunkWith(frame)) this.#fetch(n, true).bytes.catch(() => {}); // told when it is wanted
  }

  #chunkWith({ offset, size }: PlacedFrame): Chunk | undefined {
    return this.#chunks.find(({ from, end }) => from <= offset && offset + size <= end);
  }

  #fetch(n: number, isForward: boolean): Chunk {
    const { offset, size } = this.#table.at(n)!;
    let [from, end] = [offset, offset + size];
    const by = isForward ? 1 : -1;
    for (let next = this.#table.at(n + by), k = n; next; next = this.#table.at(k + by)) {
      const [wider, longer] = [Math.min(from, next.offset), Math.max(end, next.offset + next.size)];
      if (longer - wider > CHUNK_BYTES) break;
      [from, end] = [wider, longer];
      k += by;
    }
    const chunk = { from, end, bytes: this.#file.read(from, end - from, this.#signal) };
    this.#chunks = [...this.#chunks, chunk].slice(-MOST_CHUNKS);
    return chunk;
  }

  #forget(chunk: Chunk): void {
    this.#chunks = this.#chunks.filter((one) => one !== chunk);
  }
}
