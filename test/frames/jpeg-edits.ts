import { join, segmentsOf } from "./jpegs.ts";

export const [SOF, DHT, SOS, DQT, DRI, COM, APP0, APP1, APP2, APP14] = [
  0xc0, 0xc4, 0xda, 0xdb, 0xdd, 0xfe, 0xe0, 0xe1, 0xe2, 0xee,
];

export function put(jpeg: Uint8Array, at: number, piece: ArrayLike<number>): Uint8Array {
  return join(jpeg.subarray(0, at), piece, jpeg.subarray(at));
}

export function endOf(jpeg: Uint8Array) {
  return { code: 0xd9, at: jpeg.length - 2 };
}

export function firstOf(jpeg: Uint8Array, code: number): Uint8Array {
  const { at, end } = segmentsOf(jpeg).find((one) => one.code === code)!;
  return jpeg.slice(at, end);
}

/** One byte changed, counted from the first segment `code` (its 0xff). */
export function changed(jpeg: Uint8Array, code: number, offset: number, value: number): Uint8Array {
  return changedLater(jpeg, code, 0, offset, value);
}

export function changedLater(
  jpeg: Uint8Array,
  code: number,
  nth: number,
  offset: number,
  value: number,
) {
  const copy = Uint8Array.from(jpeg);
  copy[markersOf(jpeg).filter((one) => one.code === code)[nth]!.at + offset] = value;
  return copy;
}

export function changedCode(jpeg: Uint8Array, code: number, other: number): Uint8Array {
  return changed(jpeg, code, 1, other);
}

/** All segments, of later scans too. */
export function markersOf(jpeg: Uint8Array): { code: number; at: number; end: number }[] {
  const found = [];
  for (let at = 2; at < jpeg.length - 2; ) {
    const code = jpeg[at + 1]!;
    const isMarker = jpeg[at] === 0xff && code >= 0xc0 && !(code >= 0xd0 && code <= 0xd9);
    const end = isMarker ? at + 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]! : at + 1;
    if (isMarker) found.push({ code, at, end });
    at = end;
  }
  return found;
}

export function nextAfter(all: readonly { at: number }[], { at }: { at: number }): number {
  return all.find((one) => one.at > at)!.at;
}

export function withoutAny(jpeg: Uint8Array, code: number): Uint8Array {
  return markersOf(jpeg)
    .filter((one) => one.code === code)
    .reverse()
    .reduce((rest, { at, end }) => join(rest.subarray(0, at), rest.subarray(end)), jpeg);
}
