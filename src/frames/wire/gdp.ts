import type { ByteReader, MemoryFor } from "../../base/byte-reader.ts";
import { ThingError } from "../../base/errors.ts";
import { MAX_JPEG_BYTES } from "../jpeg/jpeg.ts";

const HEADER_BYTES = 62;
const TYPE_BUFFER = 1;
const NONE = 0xffff_ffff_ffff_ffffn;
/** GST_BUFFER_FLAG_DISCONT */
const FLAG_DISCONT = 0x40;

/** One buffer of a GStreamer pipeline. */
export interface GdpBuffer {
  readonly payload: Uint8Array;
  /** Presentation time in nanoseconds of the pipeline's clock, if the buffer has one. */
  readonly ptsNs?: bigint;
  /** How long it is shown, by its own account, ns. */
  readonly durationNs?: bigint;
  /** Its number among the frames of what captured it: a camera's driver counts those too that it could not deliver. */
  readonly sequence?: bigint;
  /** Something is missing before it, or it is the first. */
  readonly isDiscontinuous?: boolean;
}

/**
 * Reads what GStreamer's `gdppay ! fdsink` writes: each buffer with its presentation time, which no other framing on
 * a pipe carries. Caps and events between the buffers are passed over.
 *
 * @see GStreamer Data Protocol 1.0 (gst-plugins-bad, gst/gdp): 62 bytes lead each payload; its type stands at byte 4,
 * its length at 6, then PTS, duration, offset and end of offset, 8 bytes each, and the flags at 42, all big-endian.
 */
export class GdpParser implements ByteReader {
  readonly #maxPayloadBytes: number;
  readonly #memoryFor: MemoryFor;
  readonly #onBuffer: (buffer: GdpBuffer) => void;
  #found: GdpBuffer[] = [];
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  #payloadBytes = 0;

  /**
   * @param options - `maxPayloadBytes` of one buffer; `memoryFor`: where payloads are put, memory of their own by default;
   * `onBuffer`: told each buffer as soon as it is whole, which `push` then does not return.
   */
  constructor({
    maxPayloadBytes = MAX_JPEG_BYTES,
    memoryFor = () => undefined,
    onBuffer = (buffer) => this.#found.push(buffer),
  }: {
    maxPayloadBytes?: number;
    memoryFor?: MemoryFor;
    onBuffer?: (buffer: GdpBuffer) => void;
  } = {}) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#memoryFor = memoryFor;
    this.#onBuffer = onBuffer;
  }

  /**
   * The buffers that `chunk` completes, in memory of their own.
   *
   * @throws {ThingError} `SOURCE_FAILED` when the bytes are not this protocol or a payload is too long.
   */
  push(chunk: Uint8Array): GdpBuffer[] {
    this.#found = [];
    this.read(chunk);
    return this.#found;
  }

  /** @throws {ThingError} As `push` does. */
  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      at =
        this.#headerFilled < HEADER_BYTES
          ? this.#readHeader(chunk, at)
          : this.#readPayload(chunk, at);
      this.#endWhenWhole();
    }
  }

  place(): Uint8Array | undefined {
    return this.#payload?.subarray(this.#payloadFilled);
  }

  received(count: number): void {
    this.#payloadFilled += count;
    this.#endWhenWhole();
  }

  #endWhenWhole(): void {
    if (this.#headerFilled < HEADER_BYTES || this.#payloadFilled < this.#payloadBytes) return;
    const payload = this.#payload;
    this.#payload = undefined;
    this.#headerFilled = 0;
    if (payload) this.#onBuffer(this.#bufferOf(payload));
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + HEADER_BYTES - this.#headerFilled);
    this.#header.set(piece, this.#headerFilled);
    this.#headerFilled += piece.length;
    if (this.#headerFilled === HEADER_BYTES) this.#beginPayload();
    return at + piece.length;
  }

  #beginPayload(): void {
    const view = new DataView(this.#header.buffer);
    const version = `${view.getUint8(0)}.${view.getUint8(1)}`;
    if (version !== "1.0") {
      throw new ThingError(
        "SOURCE_FAILED",
        `The pipeline's output is not the GStreamer Data Protocol 1.0 (its version reads ${version}). ` +
          `End the pipeline with '! gdppay ! fdsink fd=1' and print nothing else to its standard output.`,
      );
    }
    this.#payloadBytes = view.getUint32(6);
    this.#payloadFilled = 0;
    if (this.#payloadBytes > this.#maxPayloadBytes) {
      throw new ThingError(
        "SOURCE_FAILED",
        `A buffer of the pipeline has ${this.#payloadBytes} bytes; at most ${this.#maxPayloadBytes} are allowed.`,
      );
    }
    const isBuffer = view.getUint16(4) === TYPE_BUFFER;
    const bytes = this.#payloadBytes;
    this.#payload = isBuffer ? (this.#memoryFor(bytes) ?? new Uint8Array(bytes)) : undefined;
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + this.#payloadBytes - this.#payloadFilled);
    this.#payload?.set(piece, this.#payloadFilled);
    this.#payloadFilled += piece.length;
    return at + piece.length;
  }

  #bufferOf(payload: Uint8Array): GdpBuffer {
    const view = new DataView(this.#header.buffer);
    const at = (byte: number) => {
      const value = view.getBigUint64(byte);
      return value === NONE ? undefined : value;
    };
    const [ptsNs, durationNs, offset, offsetEnd] = [at(10), at(18), at(26), at(34)];
    const isCount = offset !== undefined && offsetEnd === offset + 1n; // others count bytes
    return {
      payload,
      ...(ptsNs !== undefined && { ptsNs }),
      ...(durationNs !== undefined && { durationNs }),
      ...(isCount && { sequence: offset }),
      ...((view.getUint16(42) & FLAG_DISCONT) !== 0 && { isDiscontinuous: true }),
    };
  }
}
