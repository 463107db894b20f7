import { GrowingBytes, indexOfByte } from "../../base/bytes.ts";
import { partTooLong } from "./part-length.ts";

const CR = 13;
const LF = 10;
const START = Uint8Array.of(0xff, 0xd8, 0xff);

/**
 * The body of a part whose length is not known: it is searched for the beginning of a JPEG and for the next boundary. In
 * memory of its own, which has a limit.
 */
export class BodySearch {
  state: "searching" | "picture" | "boundary" = "searching";
  readonly #maxBytes: number;
  readonly #bytes = new GrowingBytes();
  /** LF and the boundary, as it was sent last; empty where there is none. */
  readonly #delimiter: Uint8Array;
  /** How much of the delimiter has been read: the line that ended the headers leads it. */
  #matched = 1;
  /** 1 while the LF that has been matched ended the headers, and so is no byte of the body. */
  #borrowed = 1;
  #started = 0;
  /** Whether these are the bytes of a picture that broke off. */
  #isBroken = false;

  constructor(boundaryText: string, maxBytes: number) {
    const bytes = boundaryText === "" ? "" : `\n${boundaryText}`;
    this.#delimiter = Uint8Array.from(bytes, (character) => character.charCodeAt(0));
    this.#maxBytes = maxBytes;
    if (boundaryText === "") this.#matched = this.#borrowed = 0;
  }

  /** It begins with these bytes of a picture that broke off. */
  resume(picture: Uint8Array): void {
    this.#isBroken = true;
    this.#matched = this.#borrowed = 0;
    this.#keep(picture);
  }

  /** Takes bytes from `at` on, until they end or `state` changes. @returns Where the next byte is. */
  read(chunk: Uint8Array, at: number): number {
    const next = { lf: -1, ff: -1 };
    let from = at;
    while (from < chunk.length && this.state === "searching") from = this.#step(chunk, from, next);
    return from;
  }

  /** The body, without the line end before the boundary. */
  take(): Uint8Array {
    const length = this.#bytes.length - (this.#bytes.at(-1) === CR ? 1 : 0);
    return this.#bytes.take(Math.max(0, length));
  }

  /** The picture that broke off, if it was one. */
  takeBroken(): Uint8Array | undefined {
    return this.#isBroken ? this.take() : undefined;
  }

  /** The delimiter holds one LF, its first byte: after a mismatch the search goes on at the byte that differed. */
  #step(chunk: Uint8Array, at: number, next: { lf: number; ff: number }): number {
    if (this.#matched > 0) return this.#matchDelimiter(chunk, at);
    if (this.#started > 0) return this.#matchStart(chunk, at);
    if (next.lf < at) next.lf = this.#delimiter.length > 0 ? nextOf(chunk, LF, at) : chunk.length;
    if (next.ff < at) next.ff = nextOf(chunk, 0xff, at);
    const end = Math.min(next.lf, next.ff);
    this.#keep(chunk.subarray(at, end));
    if (end === chunk.length) return end;
    if (next.lf < next.ff) this.#matched = 1;
    else this.#started = 1;
    return end + 1;
  }

  #matchDelimiter(chunk: Uint8Array, at: number): number {
    if (chunk[at] !== this.#delimiter[this.#matched]) {
      this.#keep(this.#delimiter.subarray(this.#borrowed, this.#matched));
      this.#matched = this.#borrowed = 0;
      return at;
    }
    this.#matched += 1;
    if (this.#matched === this.#delimiter.length) this.state = "boundary";
    return at + 1;
  }

  #matchStart(chunk: Uint8Array, at: number): number {
    if (chunk[at] !== START[this.#started]) {
      this.#keep(START.subarray(0, this.#started));
      this.#started = 0;
      return at;
    }
    this.#started += 1;
    if (this.#started === START.length) this.state = "picture";
    return at + 1;
  }

  #keep(piece: Uint8Array): void {
    const length = this.#bytes.length + piece.length;
    if (length > this.#maxBytes) throw partTooLong(length, this.#maxBytes);
    this.#bytes.append(piece);
  }
}

function nextOf(chunk: Uint8Array, byte: number, at: number): number {
  const found = indexOfByte(chunk, byte, at);
  return found < 0 ? chunk.length : found;
}
