import { indexOfByte } from "./bytes.ts";

/** RST0 to RST7 stand between the pieces of one scan. */
export function isRestart(code: number): boolean {
  return code >= 0xd0 && code <= 0xd7;
}

/**
 * The offset of the first marker (of its last 0xff) that ends the entropy-coded data which begins at `from`, or -1
 * when the bytes end first. Stuffed zeros, restart markers and fill bytes belong to the data.
 */
export function endOfScan(bytes: Uint8Array, from: number): number {
  let at = indexOfByte(bytes, 0xff, from);
  while (at >= 0 && at + 1 < bytes.length) {
    const code = bytes[at + 1]!;
    if (code === 0xff) at += 1;
    else if (code === 0 || isRestart(code)) at = indexOfByte(bytes, 0xff, at + 2);
    else return at;
  }
  return -1;
}
