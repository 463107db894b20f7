import type { ByteReader } from "../base/byte-reader.ts";
import { indexOfByte, textOf } from "../base/bytes.ts";
import { HttpFault } from "./http-head.ts";

const LF = 10;
/** Of the line before a chunk: extensions may stand in it. */
export const MAX_LINE_BYTES = 16 * 1024;
/** The size of a chunk, with what cameras put before it. */
const SIZE = /^[ \t]*(?:0x)?0*([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i;
const SIZE_BEGUN = /^[ \t]*(?:0x)?0*[0-9a-f]{0,8}(?:[ \t\r;]|$)/i;

/** Decodes the chunked coding of HTTP/1.1 (RFC 9112, section 7.1) for another reader. */
export class ChunkedReader implements ByteReader {
  ended = false;
  readonly #inner: ByteReader;
  #line = "";
  /** Of the chunk that is being read. */
  #left = 0;
  /** Whether the line end behind a chunk is still to come. */
  #isBehind = false;

  constructor(inner: ByteReader) {
    this.#inner = inner;
  }

  /** @throws {HttpFault} When what comes is not chunked; and what the inner reader throws. */
  read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.ended; ) {
      if (this.#left === 0) {
        at = this.#readLine(bytes, at);
        continue;
      }
      const piece = bytes.subarray(at, at + this.#left);
      this.#inner.read(piece);
      this.#pass(piece.length);
      at += piece.length;
    }
  }

  place(): Uint8Array | undefined {
    return this.#left > 0 ? this.#inner.place()?.subarray(0, this.#left) : undefined;
  }

  received(count: number): void {
    this.#inner.received(count);
    this.#pass(count);
  }

  #pass(count: number): void {
    this.#left -= count;
    this.#isBehind = this.#left === 0;
    if (this.#inner.ended) this.ended = true;
  }

  #readLine(bytes: Uint8Array, at: number): number {
    const found = indexOfByte(bytes, LF, at);
    const end = found < 0 ? bytes.length : found;
    if (this.#line.length + end - at > MAX_LINE_BYTES) throw notChunked();
    this.#line += textOf(bytes.subarray(at, end));
    if (found < 0) return end;
    this.#endLine(this.#line.replace(/\r$/, ""));
    this.#line = "";
    return end + 1;
  }

  #endLine(line: string): void {
    const isBehind = this.#isBehind;
    this.#isBehind = false;
    if (isBehind && line === "") return; // cameras leave it out, too
    const size = chunkSize(line);
    if (size === undefined) throw notChunked();
    this.#left = size;
    this.ended = this.#left === 0; // what may stand behind the last chunk says nothing of pictures
  }
}

/** The bytes of the chunk behind this line, without its end; undefined for one that announces none. */
export function chunkSize(line: string): number | undefined {
  const [, size] = SIZE.exec(line) ?? [];
  return size === undefined ? undefined : Number.parseInt(size, 16);
}

/** Whether these may be the first characters of a line that announces a chunk. */
export function mayBeChunkSize(begun: string): boolean {
  return SIZE_BEGUN.test(begun);
}

/** Gives another reader so many bytes, and has all that it wants then: unless that one is in the middle of something. */
export class LimitedReader implements ByteReader {
  readonly #inner: ByteReader;
  readonly #isInside: () => boolean;
  #left: number;

  /** @param isInside - Whether `inner` needs more for what it has begun: then the length was wrong, and is no limit. */
  constructor(inner: ByteReader, bytes: number, isInside: () => boolean = () => false) {
    this.#inner = inner;
    this.#left = bytes;
    this.#isInside = isInside;
  }

  get ended(): boolean {
    return this.#left === 0 || (this.#inner.ended ?? false);
  }

  read(bytes: Uint8Array): void {
    const piece = bytes.subarray(0, this.#left);
    this.#inner.read(piece);
    this.#pass(piece.length);
    if (this.#left > 0 && piece.length < bytes.length)
      this.#inner.read(bytes.subarray(piece.length));
  }

  place(): Uint8Array | undefined {
    return this.#left > 0 ? this.#inner.place()?.subarray(0, this.#left) : undefined;
  }

  received(count: number): void {
    this.#inner.received(count);
    this.#pass(count);
  }

  #pass(count: number): void {
    this.#left -= count;
    if (this.#left === 0 && this.#isInside()) this.#left = Number.POSITIVE_INFINITY;
  }
}

function notChunked(): HttpFault {
  return new HttpFault("its response claims to be chunked but is not");
}
