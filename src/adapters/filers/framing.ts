import { ThingError } from "../../base/errors.ts";

/** Bytes of the two lengths before each message. */
const HEAD_BYTES = 8;

/** The maximum lengths of a message's two parts, bytes. */
export interface MessageLimits {
  readonly text: number;
  readonly binary: number;
}

/** A whole message: its text, and the bytes after it. The receiver may keep both. */
export interface MessageParts {
  readonly text: Buffer;
  readonly binary: Buffer;
}

/**
 * Splits a socket's bytes into messages: two lengths as big-endian 32-bit numbers, text, binary. Memory for a message is
 * allocated only after its lengths have been checked.
 */
export class MessageReader {
  readonly #limits: MessageLimits;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #textBytes = 0;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  /** Whether a message has begun and is incomplete. */
  get isInside(): boolean {
    return this.#headFilled > 0 || this.#body !== undefined;
  }

  /**
   * The messages that end in this chunk, one at a time. Iterate to the end before passing the next chunk.
   * @throws {ThingError} `BAD_ARGUMENT` for lengths beyond the limits: the start of the next message is then unknown.
   */
  *messages(chunk: Uint8Array): Generator<MessageParts, void> {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#body ? this.#fillBody(this.#body, rest) : this.#fillHead(rest);
      const body = this.#body;
      if (!body || this.#bodyFilled < body.length) continue;
      this.#body = undefined;
      yield { text: body.subarray(0, this.#textBytes), binary: body.subarray(this.#textBytes) };
    }
  }

  #fillHead(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, HEAD_BYTES - this.#headFilled);
    this.#head.set(taken, this.#headFilled);
    this.#headFilled += taken.length;
    if (this.#headFilled === HEAD_BYTES) this.#begin();
    return chunk.subarray(taken.length);
  }

  #begin(): void {
    const text = this.#head.readUInt32BE(0);
    const binary = this.#head.readUInt32BE(4);
    const { text: mostText, binary: mostBinary } = this.#limits;
    if (text > mostText || binary > mostBinary) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `A message declares ${text} bytes of text and ${binary} bytes of binary data; at most ${mostText} and ${mostBinary} are accepted.`,
      );
    }
    this.#headFilled = 0;
    this.#textBytes = text;
    this.#bodyFilled = 0;
    this.#body = Buffer.allocUnsafeSlow(text + binary);
  }

  #fillBody(body: Buffer, chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, body.length - this.#bodyFilled);
    body.set(taken, this.#bodyFilled);
    this.#bodyFilled += taken.length;
    return chunk.subarray(taken.length);
  }
}

/** The lengths and the text of a message; `binaryBytes` bytes must follow. */
export function messageBytes(text: string, binaryBytes = 0): Buffer {
  const bytes = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(HEAD_BYTES + bytes);
  message.writeUInt32BE(bytes, 0);
  message.writeUInt32BE(binaryBytes, 4);
  message.write(text, HEAD_BYTES);
  return message;
}
