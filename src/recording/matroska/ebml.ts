/** Bytes of the size of an element whose size is written with 8 bytes. */
export const SIZE_BYTES = 8;

/** A size that says: until something comes that cannot belong here, or until the file ends. */
export const UNKNOWN_SIZE: Uint8Array = Uint8Array.of(0x01, 255, 255, 255, 255, 255, 255, 255);

/** The id of a Void element: room to be written over. */
export const VOID = 0xec;

/** An element with its content. @see RFC 8794 (EBML). */
export function element(id: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([idBytes(id), sizeBytes(length), ...content]);
}

/** An element that holds a whole number from 0, with 8 bytes: its length does not depend on the value. */
export function number(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(id, bytes);
}

/** An element that holds a 64-bit float. */
export function float(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return element(id, bytes);
}

/** An element that holds a text. */
export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value, "utf8"));
}

/** An element that holds a time: nanoseconds since 2001. */
export function date(id: number, epochMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  const wholeMs = Math.floor(epochMs);
  const nanoseconds = BigInt(Math.round((epochMs - wholeMs) * 1000)) * 1000n;
  bytes.writeBigInt64BE(BigInt(wholeMs - EPOCH_2001_MS) * 1_000_000n + nanoseconds);
  return element(id, bytes);
}

const EPOCH_2001_MS = Date.UTC(2001, 0, 1);

/** The epoch milliseconds that `date` wrote. */
export function readDate(content: Uint8Array): number {
  const nanoseconds = Buffer.from(content).readBigInt64BE();
  return EPOCH_2001_MS + Number(nanoseconds / 1000n) / 1000;
}

/** A Void element of `length` bytes in all, 2 to 128. */
export function room(length: number): Buffer {
  return element(VOID, new Uint8Array(length - 2));
}

/** The size of an element, in 8 bytes. */
export function longSize(size: number): Buffer {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes.writeBigUInt64BE(BigInt(size) | (1n << 56n));
  return bytes;
}

/** An id carries its own length. */
export function idBytes(id: number): Buffer {
  const length = id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1;
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(id, 0, length);
  return bytes;
}

function sizeBytes(size: number): Buffer {
  if (size < 127) return Buffer.of(0x80 | size);
  if (size >= 2 ** 28 - 1) return longSize(size);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(0x10000000 | size);
  return bytes;
}
