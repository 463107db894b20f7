import { concatBytes } from "../../base/bytes.ts";
import { now } from "../../base/clock.ts";
import { endOfWholeScan } from "./scan-end.ts";

/** Of a larger picture this is not found out: it takes some 100 ms for each MB. */
const LARGEST_BYTES = 2 * 1024 * 1024;
/** After each try nothing is tried for so many times as long as it took. */
const REST = 4;
/** Bytes before the first marker. */
const MOST_BEFORE = 256;
const EOI = Uint8Array.of(0xff, 0xd9);

/** Puts the pictures of one camera right, in a fifth of the time at most. */
export class JpegMender {
  #restUntil = 0;

  /** As `mendedJpeg` does; undefined, too, while it rests. */
  mended(jpeg: Uint8Array): Uint8Array | undefined {
    const begun = now();
    if (begun < this.#restUntil) return undefined;
    const mended = mendedJpeg(jpeg);
    const ended = now();
    this.#restUntil = ended + REST * (ended - begun);
    return mended;
  }
}

/**
 * A picture that was refused, put right where only its ends are wrong, as some cameras send all of theirs: with two start markers, with bytes behind the start, or
 * without an end marker though all of its data are there. One that was cut off stays refused.
 * @returns A copy; undefined for a picture of which that is not so.
 */
export function mendedJpeg(jpeg: Uint8Array): Uint8Array | undefined {
  if (!(jpeg instanceof Uint8Array) || jpeg.length > LARGEST_BYTES) return undefined;
  if (!isStart(jpeg, 0)) return undefined;
  const first = firstMarker(jpeg);
  if (first < 0) return undefined;
  const picture = first === 2 ? jpeg : concatBytes([jpeg.subarray(0, 2), jpeg.subarray(first)]);
  const end = endOfWholeScan(picture);
  if (end >= 0) return concatBytes([picture.subarray(0, end), EOI]);
  return first > 2 ? picture : undefined;
}

/** Where the first marker behind the start stands, without further starts and bytes that are no marker. */
function firstMarker(jpeg: Uint8Array): number {
  let at = 2;
  while (at < MOST_BEFORE && at + 1 < jpeg.length && (jpeg[at] !== 0xff || isStart(jpeg, at)))
    at += isStart(jpeg, at) ? 2 : 1;
  return jpeg[at] === 0xff ? at : -1;
}

function isStart(jpeg: Uint8Array, at: number): boolean {
  return jpeg[at] === 0xff && jpeg[at + 1] === 0xd8;
}
