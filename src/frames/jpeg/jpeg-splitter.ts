import type { ByteReader, MemoryFor } from "../../base/byte-reader.ts";
import { GrowingBytes, indexOfByte } from "../../base/bytes.ts";
import { ThingError } from "../../base/errors.ts";
import { MAX_JPEG_BYTES } from "./jpeg.ts";
import { JpegWalk } from "./jpeg-walk.ts";

const SOI = 0xd8;
const START = Uint8Array.of(0xff, SOI);

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
  #state: "between" | "start code" | "inside" = "between";
  readonly #walk = new JpegWalk();
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
    if (this.#state === "inside") this.#jpeg.append(chunk.subarray(this.#unkept));
  }

  /** Where a JPEG ends is not known before. */
  place(): undefined {}

  received(): void {}

  /** Takes the byte at `at`, or as many as its state passes over, and says where the next is. */
  #step(chunk: Uint8Array, at: number): number {
    if (this.#state === "between") return this.#findStart(chunk, at);
    if (this.#state === "inside") return this.#follow(chunk, at);
    this.#readStartCode(chunk[at]!, at);
    return at + 1;
  }

  #findStart(chunk: Uint8Array, at: number): number {
    const found = indexOfByte(chunk, 0xff, at);
    this.skippedBytes += (found < 0 ? chunk.length : found) - at;
    if (found < 0) return chunk.length;
    this.#state = "start code";
    return found + 1;
  }

  #readStartCode(byte: number, at: number): void {
    if (byte === SOI) {
      this.#begin(at);
      return;
    }
    this.skippedBytes += byte === 0xff ? 1 : 2;
    if (byte !== 0xff) this.#state = "between";
  }

  #begin(at: number): void {
    this.#jpeg.clear();
    this.#jpeg.append(START);
    this.#unkept = at + 1;
    this.#walk.begin();
    this.#state = "inside";
  }

  #follow(chunk: Uint8Array, at: number): number {
    const next = this.#walk.pass(chunk, at);
    const { state } = this.#walk;
    if (state === "whole") this.#finish(chunk, next);
    else if (state !== "inside") this.#drop();
    if (state === "restarted") this.#begin(next - 1);
    return next;
  }

  #drop(): void {
    this.broken++;
    this.#jpeg.clear();
    this.#state = "between";
  }

  #finish(chunk: Uint8Array, end: number): void {
    this.#jpeg.append(chunk.subarray(this.#unkept, end));
    this.#state = "between";
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
