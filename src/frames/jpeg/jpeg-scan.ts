import { indexOfByte } from "../../base/bytes.ts";

/**
 * What a marker is, by its second byte. `alone` has no segment and says nothing outside of a scan; `none` is what libjpeg, and
 * with it a browser, gives up at.
 */
type MarkerKind = "start" | "end" | "alone" | "segment" | "none";

const TEM = 0x01;
const SOI = 0xd8;
const EOI = 0xd9;
const COM = 0xfe;

/** RST0 to RST7 stand between the pieces of one scan. */
export function isRestart(code: number): boolean {
  return code >= 0xd0 && code <= 0xd7;
}

export function kindOfMarker(code: number): MarkerKind {
  if (code === SOI) return "start";
  if (code === EOI) return "end";
  if (code === TEM || isRestart(code)) return "alone";
  const isSegment = code >= 0xc0 && code !== 0xc8 && (code < 0xde || isText(code));
  return isSegment ? "segment" : "none";
}

/** APP0 to APP15 and COM: what they hold is for other programs, and libjpeg passes over them however short they say they are. */
export function isText(code: number): boolean {
  return (code >= 0xe0 && code <= 0xef) || code === COM;
}

/**
 * The offset of the second byte of the first marker at or after `from`, or -1 when the bytes end first. Before it, as for
 * libjpeg, any bytes may stand that are no marker: some cameras pad their headers so. Fill bytes may, too.
 */
export function markerCodeAfter(bytes: Uint8Array, from: number): number {
  for (let at = indexOfByte(bytes, 0xff, from); at >= 0; at = indexOfByte(bytes, 0xff, at)) {
    while (bytes[at] === 0xff) at++;
    if (at >= bytes.length) return -1;
    if (bytes[at] !== 0) return at;
  }
  return -1;
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
