import type { ByteReader } from "../../base/byte-reader.ts";
import { FRAME_HEAD_BYTES, readFrameHead, type V4l2FrameInfo } from "./frame-head.ts";
import {
  brokenWire,
  MESSAGE_TYPES,
  type MessageType,
  readMessage,
  type V4l2Message,
} from "./messages.ts";

const HEADER_BYTES = 16;
const MAGIC = 0x4c3456; // V4L
const FRAME_WORD = 0x464c3456; // V4LF
const LONGEST_JSON = 1 << 20; // bytes
/** A larger frame ends the run, bytes: a raw picture of 32,768 by 4096 pixels in 16 bits. */
const LARGEST_FRAME = 1 << 28;

/** Who gets what the program sends. */
export interface MessageTaker {
  message(message: V4l2Message): void;
  /** Where the bytes of a frame go, exactly so many; undefined where they are not wanted. */
  memoryFor(info: V4l2FrameInfo, bytes: number): Uint8Array | undefined;
  /** A frame is whole, in the memory that was given for it. */
  frame(info: V4l2FrameInfo, payload: Uint8Array): void;
}

/**
 * Reads what the V4L2 camera program sends: docs/internals/v4l2-program.md. It asks for as much as stands before a frame, so that
 * the frame itself is received where it belongs, and not copied there.
 * It holds one JSON text, of 1 MiB at most, and nothing else: memory for frames is its taker's.
 */
export class V4l2MessageReader implements ByteReader {
  readonly #taker: MessageTaker;
  /** A header and, of a frame, its head, one behind the other. */
  readonly #start = new Uint8Array(HEADER_BYTES + FRAME_HEAD_BYTES);
  readonly #header = new DataView(this.#start.buffer, 0, HEADER_BYTES);
  readonly #frameHead = new DataView(this.#start.buffer, HEADER_BYTES);
  #type: MessageType = "D";
  /** What is being filled; a frame that nobody wants is passed over. */
  #part: "header" | "frame head" | "text" | "payload" = "header";
  #memory: Uint8Array | undefined = this.#start;
  #filled = 0;
  /** `#filled` at the end of the part. */
  #bytes = HEADER_BYTES;
  #payloadBytes = 0;
  #info: V4l2FrameInfo | undefined;

  constructor(taker: MessageTaker) {
    this.#taker = taker;
  }

  /** @throws {ThingError} `SOURCE_FAILED` when the bytes are not this protocol. */
  read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#bytes - this.#filled);
      this.#memory?.set(piece, this.#filled);
      at += piece.length;
      this.#take(piece.length);
    }
  }

  place(): Uint8Array | undefined {
    if (this.#part === "payload") return this.#memory?.subarray(this.#filled);
    return this.#part === "header" && this.#filled === 0 ? this.#start : undefined;
  }

  /** @throws {ThingError} As `read` does. */
  received(count: number): void {
    if (this.#part === "payload") this.#take(count);
    else if (count === this.#start.length && this.#isFrame) this.#takeStart();
    else this.read(this.#start.slice(0, count)); // the end of a short message, and the beginning of others
  }

  get #isFrame(): boolean {
    return this.#header.getUint32(0, true) === FRAME_WORD;
  }

  #takeStart(): void {
    this.#readHeader();
    this.#readFrameHead();
  }

  #take(count: number): void {
    this.#filled += count;
    while (this.#filled === this.#bytes) this.#next();
  }

  #next(): void {
    if (this.#part === "header") this.#readHeader();
    else if (this.#part === "frame head") this.#readFrameHead();
    else if (this.#part === "text") this.#readText(this.#memory ?? this.#start);
    else this.#endFrame(this.#memory);
  }

  #readHeader(): void {
    const word = this.#header.getUint32(0, true);
    const type = MESSAGE_TYPES[word >>> 24];
    if ((word & 0xffffff) !== MAGIC || !type || this.#header.getUint32(12, true) !== 0)
      throw brokenWire("something else than messages");
    const bytes = this.#header.getUint32(4, true);
    this.#payloadBytes = this.#header.getUint32(8, true);
    this.#type = type;
    if (this.#payloadBytes > (type === "F" ? LARGEST_FRAME : 0))
      throw brokenWire(`${this.#payloadBytes} bytes of a picture, which are too many`);
    if (type === "F") this.#beginFrameHead(bytes);
    else this.#beginText(bytes);
  }

  #beginFrameHead(bytes: number): void {
    if (bytes !== FRAME_HEAD_BYTES)
      throw brokenWire(`${bytes} bytes about a frame, and those are ${FRAME_HEAD_BYTES}`);
    this.#begin("frame head", HEADER_BYTES + bytes, this.#start, HEADER_BYTES);
  }

  #beginText(bytes: number): void {
    if (bytes < 2 || bytes > LONGEST_JSON)
      throw brokenWire(`a text of ${bytes} bytes, and 2 to ${LONGEST_JSON} are allowed`);
    this.#begin("text", bytes, new Uint8Array(bytes));
  }

  #readText(json: Uint8Array): void {
    const type = this.#type;
    this.#beginHeader(); // whatever the taker does with the message
    if (type !== "F") this.#taker.message(readMessage(type, json));
  }

  #readFrameHead(): void {
    const bytes = this.#payloadBytes;
    this.#info = readFrameHead(this.#frameHead);
    this.#begin("payload", bytes, bytes > 0 ? this.#taker.memoryFor(this.#info, bytes) : undefined);
    if (this.#memory && this.#memory.length !== bytes)
      throw new RangeError(
        `The memory for a frame has ${this.#memory.length} bytes, not ${bytes}.`,
      );
    if (bytes === 0) this.#endFrame(undefined);
  }

  #endFrame(payload: Uint8Array | undefined): void {
    const info = this.#info;
    this.#info = undefined;
    this.#beginHeader();
    if (info && payload) this.#taker.frame(info, payload);
  }

  #beginHeader(): void {
    this.#begin("header", HEADER_BYTES, this.#start);
  }

  #begin(
    part: "header" | "frame head" | "text" | "payload",
    bytes: number,
    memory: Uint8Array | undefined,
    filled = 0,
  ): void {
    this.#part = part;
    this.#bytes = bytes;
    this.#memory = memory;
    this.#filled = filled;
  }
}
