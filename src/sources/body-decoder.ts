import type { ByteReader } from "../base/byte-reader.ts";
import { concatBytes, indexOfByte, textOf } from "../base/bytes.ts";
import { boundaryOf } from "../frames/wire/boundary.ts";
import { ChunkedReader, LimitedReader } from "./chunked-reader.ts";
import type { HttpHead } from "./http-head.ts";

const LF = 10;
/** The size of a chunk, as a line of its own. */
const SIZE_LINE = /^0*[0-9a-f]{1,8}[ \t]*(?:;.*)?$/i;
const MAX_LINE_BYTES = 1024;

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
  #first: Uint8Array = new Uint8Array(0);
  #reader: ByteReader | undefined;

  /** @param isInside - Whether `inner` needs more bytes for what it has begun. */
  constructor(inner: ByteReader, { headers }: HttpHead, isInside: () => boolean) {
    this.#inner = inner;
    this.#length = Number(headers.get("content-length") ?? Number.NaN);
    this.#isInside = isInside;
    this.#boundary = boundaryOf(headers.get("content-type") ?? "");
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
    const first = concatBytes([this.#first, bytes]);
    const end = indexOfByte(first, LF, 0);
    const isShort = first.length <= MAX_LINE_BYTES && this.#mayBeSize(first);
    if (end < 0 && isShort && !this.#isComplete(first)) {
      this.#first = first;
      return;
    }
    this.#reader = this.#readerFor(first, end);
    this.#first = new Uint8Array(0);
    this.#reader.read(first);
  }

  place(): Uint8Array | undefined {
    return this.#reader?.place();
  }

  received(count: number): void {
    this.#reader?.received(count);
  }

  #mayBeSize(first: Uint8Array): boolean {
    return /^0*[0-9a-f]{1,8}(?:[ \t\r;]|$)/i.test(textOf(first.subarray(0, 64)));
  }

  /** A body that is shorter than a line. */
  #isComplete(first: Uint8Array): boolean {
    return first.length >= this.#length;
  }

  #readerFor(first: Uint8Array, end: number): ByteReader {
    const line = end > 0 ? textOf(first.subarray(0, Math.min(end, MAX_LINE_BYTES))) : "";
    const isBoundary = this.#boundary !== undefined && line.trim() === this.#boundary; // without its dashes
    if (!isBoundary && SIZE_LINE.test(line.replace(/\r$/, "")))
      return new ChunkedReader(this.#inner);
    const isLimited = this.#length > 0;
    return isLimited ? new LimitedReader(this.#inner, this.#length, this.#isInside) : this.#inner;
  }
}
