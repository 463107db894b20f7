import type { MemoryFor } from "./byte-reader.ts";

type ByteSearch = (bytes: Uint8Array, value: number, from: number) => number;

/**
 * Where `value` stands next in `bytes`, at `from` or later, or -1.
 *
 * Node's own search costs a sixth of `Uint8Array.prototype.indexOf` when hits are some hundred bytes apart, as
 * 0xff is in a JPEG scan; it accepts any Uint8Array. Browsers have no `Buffer` and take the standard one.
 */
export const indexOfByte: ByteSearch =
  nodeSearch() ?? ((bytes, value, from) => bytes.indexOf(value, from));

function nodeSearch(): ByteSearch | undefined {
  const search: unknown = Reflect.get(globalThis, "Buffer")?.prototype?.indexOf;
  if (typeof search !== "function") return undefined;
  return (bytes, value, from) => search.call(bytes, value, from);
}

/** Whether two runs of bytes are the same. In Node a comparison by the C library. */
export const sameBytes: (a: Uint8Array, b: Uint8Array) => boolean =
  nodeEquals() ?? ((a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]));

function nodeEquals(): ((a: Uint8Array, b: Uint8Array) => boolean) | undefined {
  const equals: unknown = Reflect.get(globalThis, "Buffer")?.prototype?.equals;
  if (typeof equals !== "function") return undefined;
  return (a, b) => equals.call(a, b);
}

/** Bytes as text, one character each: at most some thousand. Spreading them as arguments would take four times as long. */
export function textOf(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}

/** Pieces of bytes as one. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const FIRST_CAPACITY = 16 * 1024;

/**
 * Bytes that arrive in pieces and leave as one. It starts as large as the last one it gave, so pieces of pictures
 * of one size are copied once; what it has given is never written to again.
 */
export class GrowingBytes {
  readonly #memoryFor: MemoryFor;
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  #lastLength = 0;

  constructor(memoryFor: MemoryFor = () => undefined) {
    this.#memoryFor = memoryFor;
  }

  get length(): number {
    return this.#length;
  }

  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** The first `length` bytes, all by default; it is empty afterwards. */
  take(length = this.#length): Uint8Array {
    const taken = this.#bytes.subarray(0, length);
    this.#lastLength = length;
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }

  /** The byte at `index`, counted from the end when negative. */
  at(index: number): number | undefined {
    return this.#bytes[index < 0 ? this.#length + index : index];
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(needed: number): void {
    const usual = Math.ceil(this.#lastLength * 1.25); // frames of one camera differ a little in size
    const first = Math.max(FIRST_CAPACITY, usual);
    const bytes = Math.max(needed, this.#length === 0 ? first : 2 * this.#length);
    const grown = this.#memoryFor(bytes) ?? new Uint8Array(bytes);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
