import { indexOfByte, textOf } from "../../base/bytes.ts";

const LF = 10;
const START = Uint8Array.of(0xff, 0xd8, 0xff);
/** Of a longer line the end is kept, where a boundary may stand. */
const MAX_LINE_BYTES = 16 * 1024;

/** Reads lines of text, of any line end, up to where a JPEG begins. */
export class LineReader {
  /** What the last byte that was read has completed: a line, or the first three bytes of a JPEG. */
  state: "inside" | "line" | "picture" = "inside";
  /** The line as far as it has come, without its end. */
  line = "";
  readonly #onBytes: (count: number) => void;
  #started = 0;
  /** Where the next 0xff stands in the present chunk, if that is known. */
  #ffAt = -1;

  /** @param onBytes - Told of bytes that belong to no JPEG. */
  constructor(onBytes: (count: number) => void) {
    this.#onBytes = onBytes;
  }

  /** Another chunk begins. */
  beginChunk(): void {
    this.#ffAt = -1;
  }

  /** Takes bytes from `at` on, until they end or `state` is no longer "inside". @returns Where the next byte is. */
  read(chunk: Uint8Array, at: number): number {
    this.state = "inside";
    let next = at;
    while (next < chunk.length && this.state === "inside") next = this.#step(chunk, next);
    return next;
  }

  /** The start of a JPEG that was found is text all the same. @returns `next`. */
  keepStart(next: number): number {
    this.#keep(START, 0, START.length);
    return next;
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#started > 0) return this.#matchStart(chunk, at);
    if (this.#ffAt < at) this.#ffAt = nextOf(chunk, 0xff, at);
    const lfAt = nextOf(chunk, LF, at);
    const end = Math.min(lfAt, this.#ffAt);
    this.#keep(chunk, at, end);
    if (end === chunk.length) return end;
    if (lfAt < this.#ffAt) {
      this.#onBytes(1);
      this.state = "line";
    } else {
      this.#started = 1;
    }
    return end + 1;
  }

  #matchStart(chunk: Uint8Array, at: number): number {
    if (chunk[at] !== START[this.#started]) {
      this.#keep(START, 0, this.#started);
      this.#started = 0;
      return at;
    }
    this.#started += 1;
    if (this.#started === START.length) {
      this.#started = 0;
      this.state = "picture";
    }
    return at + 1;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.#onBytes(to - from);
    const kept = Math.min(to - from, MAX_LINE_BYTES);
    this.line += textOf(bytes.subarray(to - kept, to));
    if (this.line.length > 2 * MAX_LINE_BYTES) this.line = this.line.slice(-MAX_LINE_BYTES);
  }
}

function nextOf(chunk: Uint8Array, byte: number, at: number): number {
  const found = indexOfByte(chunk, byte, at);
  return found < 0 ? chunk.length : found;
}
