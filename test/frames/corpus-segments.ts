import { APP0, APP1, APP2, COM, changedCode, DHT, put, SOF } from "./jpeg-edits.ts";
import { join, segment, segmentsOf, withFirstSegment, without } from "./jpegs.ts";
import { NOISE } from "./quarters.ts";

export function ends(base: Uint8Array): Record<string, Uint8Array> {
  const mpf = segment(APP2, [...Buffer.from("MPF\0"), ...NOISE.subarray(0, 80)]);
  return {
    whole: base,
    missing: base.subarray(0, -2),
    "half missing": base.subarray(0, -1),
    "garbage behind it": join(base, NOISE),
    "FF behind it": join(base, [0xff, 0xff, 0xff]),
    "zeros behind it": join(base, new Uint8Array(4096)),
    "another picture behind it (MPO)": join(withFirstSegment(base, mpf), base),
    "a picture without its end, then another": join(base.subarray(0, -2), base),
    twice: join(base, [0xff, 0xd9]),
    "before the scan": put(base, segmentsOf(base).at(-1)!.at, [0xff, 0xd9]),
    "cut in half": base.subarray(0, base.length >> 1),
    "a comment behind the scan": put(base, base.length - 2, segment(COM, Buffer.from("hello"))),
    "an APP behind the scan": put(base, base.length - 2, segment(APP1, NOISE)),
    "an unknown marker behind the scan": put(base, base.length - 2, [0xff, 0x02]),
  };
}

export function segments(base: Uint8Array): Record<string, Uint8Array> {
  const sof = segmentsOf(base).find(({ code }) => code === SOF)!;
  const bad = (code: number, length: number) =>
    put(base, sof.at, [0xff, code, length >> 8, length & 255]);
  const thumbnail = segment(APP1, join(Buffer.from("Exif\0\0"), base));
  return {
    "an empty comment": put(base, sof.at, segment(COM, [])),
    "a comment of length 1": bad(COM, 1),
    "a comment of length 0": bad(COM, 0),
    "a comment beyond the end": bad(COM, 65535),
    "a comment with markers in it": put(
      base,
      sof.at,
      segment(COM, [0xff, 0xd9, 0xff, 0xd8, 0xff, 0xda]),
    ),
    "the longest comment": put(base, sof.at, segment(COM, new Uint8Array(65533))),
    "a short JFIF": withFirstSegment(base, segment(APP0, Buffer.from("JFIF"))),
    "JFIF version 9": withFirstSegment(
      base,
      segment(APP0, [...Buffer.from("JFIF\0"), 9, 9, 1, 0, 1, 0, 1, 0, 0]),
    ),
    "JFIF with a thumbnail that is not there": withFirstSegment(
      base,
      segment(APP0, [...Buffer.from("JFIF\0"), 1, 1, 1, 0, 1, 0, 1, 50, 50]),
    ),
    AVI1: withFirstSegment(
      without(without(base, APP0), DHT),
      segment(APP0, [...Buffer.from("AVI1"), 0, 0, 0, 0]),
    ),
    "AVI1 that says it is one field of two": withFirstSegment(
      without(base, APP0),
      segment(APP0, [...Buffer.from("AVI1"), 1, 0, 0, 0]),
    ),
    "a thumbnail in EXIF": withFirstSegment(base, thumbnail),
    "broken EXIF": withFirstSegment(base, segment(APP1, [...Buffer.from("Exif\0\0"), ...NOISE])),
    "EXIF of nothing": withFirstSegment(base, segment(APP1, Buffer.from("Exif\0\0"))),
    "broken XMP": withFirstSegment(
      base,
      segment(APP1, [...Buffer.from("http://ns.adobe.com/xap/1.0/\0"), ...NOISE]),
    ),
    "LJIF in a comment": put(base, sof.at, segment(COM, Buffer.from("Lavc59.37.100\0"))),
    "Intel(R) in a comment": put(
      base,
      sof.at,
      segment(COM, Buffer.from("Intel(R) JPEG Library, version 1")),
    ),
    "CS=ITU601 in a comment": put(base, sof.at, segment(COM, Buffer.from("CS=ITU601\0"))),
    "an APP of each number": withFirstSegment(
      base,
      join(...Array.from({ length: 16 }, (_, n) => segment(APP0 + n, NOISE))),
    ),
    JPG0: withFirstSegment(base, segment(0xf0, [1, 2])),
    "JPS 3D": withFirstSegment(base, segment(0xe3, Buffer.from("_JPSJPS_"))),
    "JPEG-LS": changedCode(base, SOF, 0xf7),
  };
}

interface Tiff {
  readonly isLittle?: boolean;
  readonly type?: 1 | 3 | 4;
  readonly count?: number;
  /** Where its directory stands. */
  readonly at?: number;
  /** Tags before that of the orientation. */
  readonly others?: readonly number[];
  readonly magic?: number;
}

/** The content of an EXIF block that tells how the picture lies. */
function exifOf(orientation: number, tiff: Tiff = {}): number[] {
  const { isLittle = false, type = 3, count = 1, at = 8, others = [], magic = 42 } = tiff;
  const inOrder = (bytes: number[]) => (isLittle ? bytes.reverse() : bytes);
  const short = (value: number) => inOrder([value >> 8, value & 255]);
  const long = (value: number) => inOrder([0, 0, value >> 8, value & 255]);
  const value = type === 4 ? long(orientation) : type === 1 ? [orientation] : short(orientation);
  const entries = [
    ...others.map((tag) => [...short(tag), ...short(3), ...long(1), 0, 0, 0, 0]),
    [...short(0x112), ...short(type), ...long(count), ...value, 0, 0, 0].slice(0, 12),
  ];
  const order = isLittle ? [0x49, 0x49] : [0x4d, 0x4d];
  const head = [...order, ...short(magic), ...long(at), ...new Array(at - 8).fill(0)];
  const directory = [...short(entries.length), ...entries.flat(), 0, 0, 0, 0];
  return [...Buffer.from("Exif\0\0"), ...head, ...directory];
}

export function orientations(base: Uint8Array): Record<string, Uint8Array> {
  const sof = segmentsOf(base).find(({ code }) => code === SOF)!;
  const exif = (orientation: number, tiff?: Tiff) => segment(APP1, exifOf(orientation, tiff));
  const first = (...pieces: Uint8Array[]) => withFirstSegment(base, join(...pieces));
  const all = Array.from({ length: 10 }, (_, n) => [`${n}`, first(exif(n))]);
  const xmp = segment(APP1, [...Buffer.from("http://ns.adobe.com/xap/1.0/\0"), 60, 62]);
  return {
    ...Object.fromEntries(all),
    "6, little endian": first(exif(6, { isLittle: true })),
    "6 as a LONG": first(exif(6, { type: 4 })),
    "6 as a BYTE": first(exif(6, { type: 1 })),
    "6, twice": first(exif(6, { count: 2 })),
    "6, its directory further behind": first(exif(6, { at: 30 })),
    "6 behind others": first(exif(6, { others: [0x10e, 0x10f, 0x8769] })),
    "6 behind 300 others": first(exif(6, { others: new Array(300).fill(0x10f) })),
    "6 of no TIFF": first(exif(6, { magic: 43 })),
    "6, then 3 in another block": first(exif(6), exif(3)),
    "none, then 6 in another block": first(exif(0), exif(6)),
    "6 behind XMP": first(xmp, exif(6)),
    "6 behind the frame header": put(base, sof.end, exif(6)),
    "6 behind the scan": put(base, base.length - 2, exif(6)),
    "6, cut off": first(segment(APP1, exifOf(6).slice(0, -8))),
    "6 of motion JPEG without Huffman tables": without(first(exif(6)), DHT),
  };
}
