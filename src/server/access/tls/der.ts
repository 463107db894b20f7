/** ASN.1 in DER, as much of it as a certificate needs. @see ITU-T X.690. */

const CLASS_CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

/** One value: tag, length, content. */
function value(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const lengthBytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) lengthBytes.unshift(rest % 256);
  const head = length < 0x80 ? [length] : [0x80 | lengthBytes.length, ...lengthBytes];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return value(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return value(0x31, Buffer.concat(parts));
}

/** A number of any size, big-endian, not negative. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return value(0x02, digits[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function boolean(is: boolean): Buffer {
  return value(0x01, Buffer.from([is ? 0xff : 0]));
}

export function octets(content: Uint8Array): Buffer {
  return value(0x04, content);
}

/** @param unused - Bits at the end that are not part of it. */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return value(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

export function utf8(text: string): Buffer {
  return value(0x0c, Buffer.from(text));
}

/** `1.2.840.10045.4.3.2` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return value(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** To the second, in UTC: with two digits of the year until 2050, as X.509 wants it. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/\.\d+|[-:T]/g, "");
  const isShort = new Date(epochMs).getUTCFullYear() < 2050;
  return isShort ? value(0x17, Buffer.from(digits.slice(2))) : value(0x18, Buffer.from(digits));
}

/** `[number]` around whole values, or in the place of one value's tag. */
export function context(number: number, content: Uint8Array, isWhole = true): Buffer {
  return value(CLASS_CONTEXT | (isWhole ? CONSTRUCTED : 0) | number, content);
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
