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
 * Reads what the V4L2 camera program sends: docs/internals/v4l2-program.md. Bytes of a frame are received where they belong.
 * It holds one JSON text, of 1 MiB at most, and nothing else: memory for frames is its taker's.
 */
export class V4l2MessageReader implements ByteReader {
  readonly #taker: MessageTaker;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #frameHead = new Uint8Array(FRAME_HEAD_BYTES);
  readonly #frameHeadView = new DataView(this.#frameHead.buffer);
  #type: MessageType = "D";
  /** What is being filled: the header, what is said, or a frame; a frame that nobody wants is passed over. */
  #part: "header" | "text" | "payload" = "header";
  #memory: Uint8Array | undefined = this.#header;
  #filled = 0;
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
      this.received(piece.length);
    }
  }

  place(): Uint8Array | undefined {
    return this.#part === "payload" ? this.#memory?.subarray(this.#filled) : undefined;
  }

  /** @throws {ThingError} As `read` does. */
  received(count: number): void {
    this.#filled += count;
    while (this.#filled === this.#bytes) this.#next();
  }

  #next(): void {
    if (this.#part === "header") this.#readHeader();
    else if (this.#part === "payload") this.#endMessage(this.#memory);
    else if (this.#type === "F") this.#readFrameHead();
    else this.#readText(this.#type, this.#memory ?? this.#header);
  }

  #readHeader(): void {
    const view = this.#headerView;
    const word = view.getUint32(0, true);
    const type = MESSAGE_TYPES[word >>> 24];
    if ((word & 0xffffff) !== MAGIC || !type || view.getUint32(12, true) !== 0)
      throw brokenWire("something else than messages");
    const bytes = view.getUint32(4, true);
    this.#payloadBytes = view.getUint32(8, true);
    this.#type = type;
    if (this.#payloadBytes > (type === "F" ? LARGEST_FRAME : 0))
      throw brokenWire(`${this.#payloadBytes} bytes of a picture, which are too many`);
    if (type === "F") {
      if (bytes !== FRAME_HEAD_BYTES)
        throw brokenWire(`${bytes} bytes about a frame, and those are ${FRAME_HEAD_BYTES}`);
      this.#begin("text", bytes, this.#frameHead);
      return;
    }
    if (bytes < 2 || bytes > LONGEST_JSON)
      throw brokenWire(`a text of ${bytes} bytes, and 2 to ${LONGEST_JSON} are allowed`);
    this.#begin("text", bytes, new Uint8Array(bytes));
  }

  #readText(type: Exclude<MessageType, "F">, json: Uint8Array): void {
    this.#begin("header", HEADER_BYTES, this.#header); // whatever the taker does with the message
    this.#taker.message(readMessage(type, json));
  }

  #readFrameHead(): void {
    const bytes = this.#payloadBytes;
    this.#info = readFrameHead(this.#frameHeadView);
    this.#begin("payload", bytes, bytes > 0 ? this.#taker.memoryFor(this.#info, bytes) : undefined);
    if (this.#memory && this.#memory.length !== bytes)
      throw new RangeError(
        `The memory for a frame has ${this.#memory.length} bytes, not ${bytes}.`,
      );
  }

  #endMessage(payload: Uint8Array | undefined): void {
    const info = this.#info;
    this.#info = undefined;
    this.#begin("header", HEADER_BYTES, this.#header);
    if (info && payload) this.#taker.frame(info, payload);
  }

  #begin(part: "header" | "text" | "payload", bytes: number, memory: Uint8Array | undefined): void {
    this.#part = part;
    this.#bytes = bytes;
    this.#memory = memory;
    this.#filled = 0;
  }
}
