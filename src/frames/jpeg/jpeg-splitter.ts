import type { ByteReader, MemoryFor } from "../../base/byte-reader.ts";
import { GrowingBytes, indexOfByte } from "../../base/bytes.ts";
import { ThingError } from "../../base/errors.ts";
import { MAX_JPEG_BYTES } from "./jpeg.ts";
import { isRestart, isText, kindOfMarker } from "./jpeg-scan.ts";

const SOI = 0xd8;
const SOS = 0xda;
const START = Uint8Array.of(0xff, SOI);

/** What the next byte is. `marker`, `skip` and `scan` pass over many at once. */
type Expected =
  | "between"
  | "start code"
  | "marker"
  | "code"
  | "length high"
  | "length low"
  | "skip"
  | "scan"
  | "scan code";

/**
 * Cuts a stream of JPEGs that follow one another (`ffmpeg -f mjpeg`, `rpicam-vid --codec mjpeg`) into files.
 *
 * It walks the segments, so a thumbnail inside an EXIF segment neither starts nor ends a picture, and it gives a
 * picture as soon as its last byte is there. A picture whose markers break off is dropped and counted, and the next
 * SOI starts anew. It checks no tables: `inspectJpeg` does.
 */
export class JpegSplitter implements ByteReader {
  /** Bytes passed over between pictures. */
  skippedBytes = 0;
  /** Pictures begun and dropped because their markers broke off. */
  broken = 0;
  readonly #maxBytes: number;
  readonly #jpeg: GrowingBytes;
  readonly #onJpeg: (jpeg: Uint8Array) => void;
  #whole: Uint8Array[] = [];
  #count = 0;
  #expected: Expected = "between";
  #hasScan = false;
  /** Of the marker whose segment is being read. */
  #code = 0;
  #isAtStart = false;
  #segmentLeft = 0;
  /** Where in the present chunk the bytes begin that `#jpeg` does not hold yet. */
  #unkept = 0;
  #bytesSinceWhole = 0;

  /**
   * @param options - `maxBytes` that one JPEG may have, and after which a stream without any JPEG has failed; `memoryFor`: where
   * JPEGs are put, at the beginning of what it gives, memory of their own by default; `onJpeg`: told each JPEG as soon as it is
   * whole, which `push` then does not return.
   */
  constructor({
    maxBytes = MAX_JPEG_BYTES,
    memoryFor,
    onJpeg = (jpeg) => this.#whole.push(jpeg),
  }: {
    maxBytes?: number;
    memoryFor?: MemoryFor;
    onJpeg?: (jpeg: Uint8Array) => void;
  } = {}) {
    this.#maxBytes = maxBytes;
    this.#jpeg = new GrowingBytes(memoryFor);
    this.#onJpeg = onJpeg;
  }

  /**
   * The JPEGs that `chunk` completes, in memory of their own.
   *
   * @throws {ThingError} `SOURCE_FAILED` when `maxBytes` have come without one whole JPEG.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#whole = [];
    this.read(chunk);
    return this.#whole;
  }

  /** @throws {ThingError} As `push` does. */
  read(chunk: Uint8Array): void {
    this.#unkept = 0;
    let since = 0;
    for (let at = 0; at < chunk.length; ) {
      const found = this.#count;
      at = this.#step(chunk, at);
      if (this.#count > found) {
        since = at;
        this.#bytesSinceWhole = 0;
      }
    }
    this.#bytesSinceWhole += chunk.length - since;
    if (this.#bytesSinceWhole > this.#maxBytes) throw noJpeg(this.#bytesSinceWhole);
    if (this.#isInside) this.#jpeg.append(chunk.subarray(this.#unkept));
  }

  /** Where a JPEG ends is not known before. */
  place(): undefined {}

  received(): void {}

  get #isInside(): boolean {
    return this.#expected !== "between" && this.#expected !== "start code";
  }

  /** Takes the byte at `at`, or as many as its state passes over, and says where the next is. */
  #step(chunk: Uint8Array, at: number): number {
    if (this.#expected === "between") return this.#findStart(chunk, at);
    if (this.#expected === "scan") return this.#passScan(chunk, at);
    if (this.#expected === "skip") return this.#passSegment(chunk, at);
    if (this.#expected === "marker") return this.#passToMarker(chunk, at);
    const byte = chunk[at]!;
    if (this.#expected === "start code") this.#readStartCode(byte, at);
    else if (this.#expected === "code") this.#readCode(byte, chunk, at);
    else if (this.#expected === "scan code") this.#readScanCode(byte, chunk, at);
    else this.#readLength(byte);
    return at + 1;
  }

  #findStart(chunk: Uint8Array, at: number): number {
    const found = indexOfByte(chunk, 0xff, at);
    this.skippedBytes += (found < 0 ? chunk.length : found) - at;
    if (found < 0) return chunk.length;
    this.#expected = "start code";
    return found + 1;
  }

  #readStartCode(byte: number, at: number): void {
    if (byte === SOI) {
      this.#begin(at);
      return;
    }
    this.skippedBytes += byte === 0xff ? 1 : 2;
    if (byte !== 0xff) this.#expected = "between";
  }

  #begin(at: number): void {
    this.#jpeg.clear();
    this.#jpeg.append(START);
    this.#unkept = at + 1;
    this.#hasScan = false;
    this.#isAtStart = true;
    this.#expected = "marker";
  }

  /** Bytes before a marker belong to the picture, as for `inspectJpeg`: not right behind its start. */
  #passToMarker(chunk: Uint8Array, at: number): number {
    if (this.#isAtStart && chunk[at] !== 0xff) {
      this.#drop();
      return at;
    }
    this.#isAtStart = false;
    const found = indexOfByte(chunk, 0xff, at);
    if (found < 0) return chunk.length;
    this.#expected = "code";
    return found + 1;
  }

  #readCode(code: number, chunk: Uint8Array, at: number): void {
    if (code === 0xff) return;
    const kind = kindOfMarker(code);
    if (kind === "start") {
      this.#drop();
      this.#begin(at);
    } else if (kind === "end" && this.#hasScan) {
      this.#finish(chunk, at + 1);
    } else if (code === 0 || kind === "alone") {
      this.#expected = "marker";
    } else if (kind === "segment") {
      this.#code = code;
      this.#expected = "length high";
    } else {
      this.#drop();
    }
  }

  #readLength(byte: number): void {
    if (this.#expected === "length high") {
      this.#segmentLeft = byte << 8;
      this.#expected = "length low";
      return;
    }
    this.#segmentLeft += byte - 2;
    if (isText(this.#code)) this.#segmentLeft = Math.max(0, this.#segmentLeft);
    if (this.#segmentLeft < 0) this.#drop();
    else this.#expected = "skip";
    if (this.#segmentLeft === 0) this.#endSegment();
  }

  #passSegment(chunk: Uint8Array, at: number): number {
    const passed = Math.min(this.#segmentLeft, chunk.length - at);
    this.#segmentLeft -= passed;
    if (this.#segmentLeft === 0) this.#endSegment();
    return at + passed;
  }

  #endSegment(): void {
    const isScan = this.#code === SOS;
    this.#hasScan ||= isScan;
    this.#expected = isScan ? "scan" : "marker";
  }

  #passScan(chunk: Uint8Array, at: number): number {
    const found = indexOfByte(chunk, 0xff, at);
    if (found < 0) return chunk.length;
    this.#expected = "scan code";
    return found + 1;
  }

  #readScanCode(code: number, chunk: Uint8Array, at: number): void {
    if (code === 0 || isRestart(code)) this.#expected = "scan";
    else this.#readCode(code, chunk, at);
  }

  #drop(): void {
    this.broken++;
    this.#jpeg.clear();
    this.#expected = "between";
  }

  #finish(chunk: Uint8Array, end: number): void {
    this.#jpeg.append(chunk.subarray(this.#unkept, end));
    this.#expected = "between";
    this.#count += 1;
    this.#onJpeg(this.#jpeg.take());
  }
}

function noJpeg(bytes: number): ThingError {
  return new ThingError(
    "SOURCE_FAILED",
    `The source sent ${bytes} bytes without one whole JPEG. Check that it sends JPEG pictures, for example with ` +
      `'-c:v mjpeg -f mjpeg -' (ffmpeg) or 'jpegenc' (GStreamer).`,
  );
}
