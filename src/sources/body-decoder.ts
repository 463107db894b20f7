import type { ByteReader } from "../base/byte-reader.ts";
import { concatBytes, indexOfByte, textOf } from "../base/bytes.ts";
import { boundaryOf } from "../frames/wire/boundary.ts";
import {
  ChunkedReader,
  chunkSize,
  LimitedReader,
  MAX_LINE_BYTES,
  mayBeChunkSize,
} from "./chunked-reader.ts";
import type { HttpHead } from "./http-head.ts";

const CR = 13;
const LF = 10;

/**
 * Takes the body of a response apart for another reader. Whether it is chunked is what its first line shows: servers say so and do
 * not do it, or the other way round. Its length, where one is stated, counts only if it is not chunked (RFC 9112, 6.3), and only
 * if the other reader is not in the middle of something when it is reached.
 */
export class BodyDecoder implements ByteReader {
  readonly #inner: ByteReader;
  readonly #length: number;
  readonly #isInside: () => boolean;
  readonly #boundary: string | undefined;
  readonly #saysChunked: boolean;
  #first: Uint8Array = new Uint8Array(0);
  #reader: ByteReader | undefined;

  /** @param isInside - Whether `inner` needs more bytes for what it has begun. */
  constructor(inner: ByteReader, { headers }: HttpHead, isInside: () => boolean) {
    this.#inner = inner;
    this.#length = Number(headers.get("content-length") ?? Number.NaN);
    this.#isInside = isInside;
    this.#boundary = boundaryOf(headers.get("content-type") ?? "");
    this.#saysChunked = /chunked/i.test(headers.get("transfer-encoding") ?? "");
  }

  get ended(): boolean {
    return this.#reader?.ended ?? this.#inner.ended ?? false;
  }

  /** @throws {HttpFault} When chunks break off; and what the inner reader throws. */
  read(bytes: Uint8Array): void {
    if (this.#reader) {
      this.#reader.read(bytes);
      return;
    }
    if (bytes.length === 0) return; // the head came alone: the first line of the body is still to come
    const first = concatBytes([this.#first, bytes]);
    const start = this.#saysChunked ? afterLineEnds(first) : 0;
    const end = indexOfByte(first, LF, start);
    const isShort = first.length <= MAX_LINE_BYTES && mayBeChunkSize(textFrom(first, start, 64));
    if (end < 0 && isShort && !this.#isComplete(first)) {
      this.#first = first;
      return;
    }
    const line = end > start ? textFrom(first, start, end - start).replace(/\r$/, "") : "";
    const isChunked = this.#isSize(line);
    this.#reader = isChunked ? new ChunkedReader(this.#inner) : this.#plainReader();
    this.#first = new Uint8Array(0);
    this.#reader.read(isChunked ? first.subarray(start) : first);
  }

  place(): Uint8Array | undefined {
    return this.#reader?.place();
  }

  received(count: number): void {
    this.#reader?.received(count);
  }

  /** A body that is shorter than a line. */
  #isComplete(first: Uint8Array): boolean {
    return first.length >= this.#length;
  }

  /** A boundary without its dashes may look like one. */
  #isSize(line: string): boolean {
    const isBoundary = this.#boundary !== undefined && line.trim() === this.#boundary;
    return !isBoundary && chunkSize(line) !== undefined;
  }

  #plainReader(): ByteReader {
    const isLimited = this.#length > 0;
    return isLimited ? new LimitedReader(this.#inner, this.#length, this.#isInside) : this.#inner;
  }
}

function afterLineEnds(bytes: Uint8Array): number {
  let at = 0;
  while (bytes[at] === CR || bytes[at] === LF) at++;
  return at;
}

function textFrom(bytes: Uint8Array, start: number, most: number): string {
  return textOf(bytes.subarray(start, start + Math.min(most, MAX_LINE_BYTES)));
}
