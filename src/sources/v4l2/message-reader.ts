import type { ByteReader } from "../../base/byte-reader.ts";
import {
  brokenWire,
  MESSAGE_TYPES,
  type MessageType,
  readFrameInfo,
  readMessage,
  type V4l2FrameInfo,
  type V4l2Message,
} from "./messages.ts";

const HEADER_BYTES = 16;
const MAGIC = [0x56, 0x34, 0x4c]; // V4L
const LONGEST_JSON = 1 << 20; // bytes
/** What is said of a frame takes some 300 bytes. */
const LONGEST_FRAME_JSON = 4096;
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
  #type: MessageType = "D";
  /** What is being filled: the header, the JSON text, or a frame; a frame that nobody wants is passed over. */
  #part: "header" | "json" | "payload" = "header";
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
    else if (this.#part === "json") this.#readJson(this.#memory ?? this.#header);
    else this.#endMessage(this.#memory);
  }

  #readHeader(): void {
    const view = new DataView(this.#header.buffer);
    const type = MESSAGE_TYPES.find((one) => one.charCodeAt(0) === this.#header[3]);
    const isMagic = MAGIC.every((byte, at) => this.#header[at] === byte);
    if (!isMagic || !type || view.getUint32(12, true) !== 0)
      throw brokenWire("something else than messages");
    const jsonBytes = view.getUint32(4, true);
    this.#payloadBytes = view.getUint32(8, true);
    const longest = type === "F" ? LONGEST_FRAME_JSON : LONGEST_JSON;
    if (jsonBytes < 2 || jsonBytes > longest)
      throw brokenWire(`a text of ${jsonBytes} bytes, and 2 to ${longest} are allowed`);
    if (this.#payloadBytes > (type === "F" ? LARGEST_FRAME : 0))
      throw brokenWire(`${this.#payloadBytes} bytes of a picture, which are too many`);
    this.#type = type;
    this.#begin("json", jsonBytes, new Uint8Array(jsonBytes));
  }

  #readJson(json: Uint8Array): void {
    if (this.#type !== "F") {
      this.#begin("header", HEADER_BYTES, this.#header); // whatever the taker does with the message
      this.#taker.message(readMessage(this.#type, json));
      return;
    }
    const bytes = this.#payloadBytes;
    this.#info = readFrameInfo(json);
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

  #begin(part: "header" | "json" | "payload", bytes: number, memory: Uint8Array | undefined): void {
    this.#part = part;
    this.#bytes = bytes;
    this.#memory = memory;
    this.#filled = 0;
  }
}
