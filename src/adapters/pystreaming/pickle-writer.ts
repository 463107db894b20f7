import { isPlainObject } from "../../base/values.ts";
import { badMessage, type PythonValue, requireBounded } from "./python-value.ts";

const STOP = 0x2e;

/**
 * A value as a Python pickle, with opcodes that every version reads.
 * @throws {ThingError} `BAD_MESSAGE` for values that Python would need a class for, and for values that are too large.
 */
export function dumps(value: PythonValue): Uint8Array {
  requireBounded(value);
  const pieces: Uint8Array[] = [];
  write(value, pieces);
  pieces.push(Uint8Array.of(STOP));
  return Buffer.concat(pieces);
}

/** A number, even an integer, as Python's float. */
export function dumpsFloat(value: number): Uint8Array {
  return Buffer.concat([float(value), Uint8Array.of(STOP)]);
}

function write(value: PythonValue, pieces: Uint8Array[]): void {
  if (value === null) pieces.push(Buffer.from("N"));
  else if (typeof value === "boolean") pieces.push(Uint8Array.of(value ? 0x88 : 0x89));
  else if (typeof value === "bigint") pieces.push(long(value));
  else if (typeof value === "number") pieces.push(number(value));
  else if (typeof value === "string") pieces.push(...text(value));
  else if (value instanceof Uint8Array) pieces.push(sized("C", "B", value.length), value);
  else if (Array.isArray(value)) {
    pieces.push(Buffer.from("]("));
    for (const item of value) write(item, pieces);
    pieces.push(Buffer.from("e"));
  } else if (isPlainObject(value)) {
    pieces.push(Buffer.from("}("));
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      pieces.push(...text(key));
      write(item, pieces);
    }
    pieces.push(Buffer.from("u"));
  } else {
    const what = typeof value === "object" ? `a ${Object(value).constructor?.name}` : typeof value;
    throw badMessage(
      `A value that is ${what} cannot be sent to Python. Send null, booleans, numbers, strings, bytes, arrays and plain objects.`,
    );
  }
}

function number(value: number): Uint8Array {
  if (!Number.isInteger(value) || Object.is(value, -0)) return float(value);
  if (value >= 0 && value < 256) return Uint8Array.of(0x4b, value);
  if (value >= -(2 ** 31) && value < 2 ** 31) {
    const bytes = Buffer.from("J0000");
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  return Number.isSafeInteger(value) ? long(BigInt(value)) : float(value);
}

function float(value: number): Uint8Array {
  const bytes = Buffer.from("G00000000");
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Two's complement, little-endian, as short as possible. */
function long(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 8n) {
    const byte = Number(rest & 255n);
    bytes.push(byte);
    const sign = byte & 128 ? -1n : 0n;
    if (rest >> 8n === sign) break;
    if (bytes.length === 255) {
      throw badMessage("An integer of more than 255 bytes cannot be sent to Python.");
    }
  }
  return Uint8Array.of(0x8a, bytes.length, ...bytes);
}

function text(value: string): Uint8Array[] {
  const bytes = Buffer.from(value);
  return [sized("\x8c", "X", bytes.length), bytes];
}

/** An opcode with a length of one byte, or of four. */
function sized(short: string, large: string, length: number): Uint8Array {
  if (length < 256) return Uint8Array.of(short.charCodeAt(0), length);
  const bytes = Buffer.from(`${large}0000`);
  bytes.writeUInt32LE(length, 1);
  return bytes;
}
