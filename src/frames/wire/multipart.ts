import type { ByteReader, MemoryFor } from "../../base/byte-reader.ts";
import { GrowingBytes, indexOfByte, textOf } from "../../base/bytes.ts";
import { ThingError } from "../../base/errors.ts";
import { MAX_JPEG_BYTES } from "../jpeg/jpeg.ts";

const CR = 13;
const LF = 10;
const MAX_HEADER_BYTES = 16 * 1024;

/** One part of a multipart stream. */
export interface Part {
  /** Header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** The boundary that a `Content-Type` such as `multipart/x-mixed-replace; boundary="frame"` names. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(contentType) ?? [];
  return quoted || plain || undefined;
}

/**
 * Parses a multipart stream as cameras, ffmpeg (`-f mpjpeg`), GStreamer (`multipartmux`) and this package send
 * it. Parts may state their Content-Length or not, lines may end in CR LF or LF, and what stands before the first
 * boundary is passed over. Work and memory do not depend on how the bytes are cut into chunks: a body with a
 * Content-Length is copied once.
 */
export class MultipartParser implements ByteReader {
  /** Whether the closing boundary has come; nothing is read after it. */
  ended = false;
  readonly #maxPartBytes: number;
  readonly #boundary: string | undefined;
  readonly #memoryFor: MemoryFor;
  readonly #onPart: (part: Part) => void;
  #state: "lines" | "headers" | "sized" | "unsized" = "lines";
  #parts: Part[] = [];
  #line = "";
  /** Bytes since the last body: a stream without a boundary fails. */
  #lineBytes = 0;
  #headers = new Map<string, string>();
  #body: Uint8Array = new Uint8Array(0);
  #filled = 0;
  readonly #unsized = new GrowingBytes();
  /** LF and the boundary line, as the first one was written. */
  #delimiter = new Uint8Array(0);
  #delimiterText = "";
  #matched = 0;
  /** 1 while the LF that has been matched ended the headers, and so is no byte of the body. */
  #borrowed = 0;

  /**
   * @param options - `boundary` with or without quotes and leading `--`; without it the first line that begins with
   * `--` is the boundary. `maxPartBytes` that one body may have. `memoryFor`: where bodies of a stated length are put, memory
   * of their own by default. `onPart`: told each part as soon as it is whole, which `push` then does not return.
   */
  constructor({
    boundary,
    maxPartBytes = MAX_JPEG_BYTES,
    memoryFor = () => undefined,
    onPart = (part) => this.#parts.push(part),
  }: {
    boundary?: string | undefined;
    maxPartBytes?: number;
    memoryFor?: MemoryFor;
    onPart?: (part: Part) => void;
  } = {}) {
    this.#boundary = boundary === undefined ? undefined : bareBoundary(boundary);
    this.#maxPartBytes = maxPartBytes;
    this.#memoryFor = memoryFor;
    this.#onPart = onPart;
  }

  /**
   * The parts that `chunk` completes, in memory of their own.
   *
   * @throws {ThingError} `SOURCE_FAILED` when no boundary comes, or a header or a body is too long.
   */
  push(chunk: Uint8Array): Part[] {
    this.#parts = [];
    this.read(chunk);
    return this.#parts;
  }

  /** @throws {ThingError} As `push` does. */
  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.ended; ) {
      if (this.#state === "sized") at = this.#fillBody(chunk, at);
      else if (this.#state === "unsized") at = this.#searchBoundary(chunk, at);
      else at = this.#readLine(chunk, at);
    }
  }

  place(): Uint8Array | undefined {
    return this.#state === "sized" ? this.#body.subarray(this.#filled) : undefined;
  }

  received(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#body.length) this.#endPart(this.#body);
  }

  #readLine(chunk: Uint8Array, at: number): number {
    const found = indexOfByte(chunk, LF, at);
    const end = found < 0 ? chunk.length : found;
    this.#lineBytes += end - at + 1;
    if (this.#lineBytes > MAX_HEADER_BYTES) throw this.#tooLong();
    this.#line += textOf(chunk.subarray(at, end));
    if (found < 0) return end;
    const line = this.#line.trimEnd();
    this.#line = "";
    if (this.#state === "headers") this.#readHeader(line);
    else this.#readBoundary(line);
    return end + 1;
  }

  #readBoundary(line: string): void {
    if (this.#delimiterText === "") this.#learnDelimiter(line);
    if (this.#delimiterText === "" || !line.startsWith(this.#delimiterText)) return;
    if (line.slice(this.#delimiterText.length).startsWith("--")) {
      this.ended = true;
      return;
    }
    this.#headers = new Map();
    this.#state = "headers";
  }

  #learnDelimiter(line: string): void {
    if (!line.startsWith("--")) return;
    if (this.#boundary !== undefined && bareBoundary(line) !== this.#boundary) return;
    this.#delimiterText = line;
    this.#delimiter = Uint8Array.from(`\n${line}`, (character) => character.charCodeAt(0));
  }

  #readHeader(line: string): void {
    const colon = line.indexOf(":");
    if (line === "") this.#beginBody();
    else if (colon > 0) {
      this.#headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
  }

  #beginBody(): void {
    const stated = this.#headers.get("content-length");
    this.#lineBytes = 0;
    if (stated === undefined || !/^\d+$/.test(stated)) {
      this.#state = "unsized";
      this.#matched = 1; // the boundary may stand right here: the line that ended the headers leads it
      this.#borrowed = 1;
      return;
    }
    const length = Number(stated);
    if (length > this.#maxPartBytes) throw this.#bodyTooLong(length);
    this.#body = this.#memoryFor(length) ?? new Uint8Array(length);
    this.#filled = 0;
    this.#state = "sized";
    if (length === 0) this.#endPart(this.#body);
  }

  #fillBody(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + this.#body.length - this.#filled);
    this.#body.set(piece, this.#filled);
    this.received(piece.length);
    return at + piece.length;
  }

  /** The delimiter holds one LF, its first byte: after a mismatch the search goes on at the byte that differed. */
  #searchBoundary(chunk: Uint8Array, at: number): number {
    if (this.#matched === 0) {
      const found = indexOfByte(chunk, LF, at);
      const end = found < 0 ? chunk.length : found;
      this.#keep(chunk.subarray(at, end));
      if (found < 0) return end;
      this.#matched = 1;
      return end + 1;
    }
    if (chunk[at] !== this.#delimiter[this.#matched]) {
      this.#keep(this.#delimiter.subarray(this.#borrowed, this.#matched));
      this.#matched = 0;
      this.#borrowed = 0;
      return at;
    }
    this.#matched += 1;
    if (this.#matched === this.#delimiter.length) this.#endUnsized();
    return at + 1;
  }

  #keep(piece: Uint8Array): void {
    const length = this.#unsized.length + piece.length;
    if (length > this.#maxPartBytes) throw this.#bodyTooLong(length);
    this.#unsized.append(piece);
  }

  #endUnsized(): void {
    const length = this.#unsized.length - (this.#unsized.at(-1) === CR ? 1 : 0);
    const body = this.#unsized.take(Math.max(0, length));
    this.#state = "lines";
    this.#line = this.#delimiterText;
    if (body.length > 0) this.#endPart(body);
  }

  #endPart(body: Uint8Array): void {
    this.#state = "lines";
    this.#body = new Uint8Array(0);
    this.#onPart({ headers: this.#headers, body });
  }

  #tooLong(): ThingError {
    const where =
      this.#state === "headers" ? "the headers of a part do not end" : "no boundary has come";
    const name = this.#boundary === undefined ? "" : ` (expected is --${this.#boundary})`;
    return new ThingError(
      "SOURCE_FAILED",
      `The multipart stream is broken: ${where} within ${MAX_HEADER_BYTES} bytes${name}. Check that its address ` +
        `gives multipart/x-mixed-replace.`,
    );
  }

  #bodyTooLong(bytes: number): ThingError {
    return new ThingError(
      "SOURCE_FAILED",
      `A part of the multipart stream has at least ${bytes} bytes; at most ${this.#maxPartBytes} are allowed.`,
    );
  }
}

/** Servers disagree on whether the `--` of a boundary line is part of the boundary's name. */
function bareBoundary(boundary: string): string {
  return boundary
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .replace(/^-+/, "");
}
