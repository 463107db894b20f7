// Reads EBML without anything of Node: the player of the pages does so, too.

/** What stands before an element's content. */
export interface ElementHead {
  readonly id: number;
  /** Bytes of id and size. */
  readonly headBytes: number;
  /** Bytes of the content; Infinity where the size is unknown. */
  readonly size: number;
}

/** The id and size at `at`; undefined when they are not whole or not EBML. */
export function readHead(bytes: Uint8Array, at = 0): ElementHead | undefined {
  const idLength = lengthOf(bytes[at], 4);
  const sizeLength = idLength && lengthOf(bytes[at + idLength], 8);
  if (!idLength || !sizeLength || at + idLength + sizeLength > bytes.length) return undefined;
  let id = 0;
  for (let n = 0; n < idLength; n++) id = id * 256 + bytes[at + n]!;
  const from = at + idLength;
  const first = bytes[from]! & (2 ** (8 - sizeLength) - 1);
  let [size, allOnes] = [first, first === 2 ** (8 - sizeLength) - 1];
  for (let n = 1; n < sizeLength; n++) {
    size = size * 256 + bytes[from + n]!;
    allOnes &&= bytes[from + n] === 255;
  }
  return { id, headBytes: idLength + sizeLength, size: allOnes ? Number.POSITIVE_INFINITY : size };
}

/** The whole number that an element's content is. */
export function readNumber(content: Uint8Array): number {
  return content.reduce((value, byte) => value * 256 + byte, 0);
}

function lengthOf(byte: number | undefined, most: number): number | undefined {
  const length = byte === undefined ? 0 : Math.clz32(byte) - 23;
  return byte && length <= most ? length : undefined;
}
