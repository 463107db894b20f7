import { concatBytes } from "../../base/bytes.ts";
import type { Orientation } from "./exif-orientation.ts";
import { inspectJpeg } from "./jpeg.ts";

/** The EXIF tags of a picture. */
export interface ExifTags {
  /** Model of the camera. */
  readonly model?: string | undefined;
  readonly software?: string | undefined;
  /** What the picture shows, in words. */
  readonly description?: string | undefined;
  /** Epoch ms; written in UTC, to the millisecond. */
  readonly capturedAt: number;
  /** s */
  readonly exposure?: number | undefined;
  /** Anything, as JSON in UTF-8 in the user comment: where OpenFlexure writes it, and without a character code, as it does. */
  readonly comment?: unknown;
}

type AllTags = ExifTags & { readonly orientation: Orientation };

const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const UNDEFINED = 7;
/** Tags of EXIF 2.32. */
const TAG = {
  ImageDescription: 0x010e,
  Model: 0x0110,
  Orientation: 0x0112,
  Software: 0x0131,
  DateTime: 0x0132,
  ExifIFD: 0x8769,
  ExposureTime: 0x829a,
  ExifVersion: 0x9000,
  DateTimeOriginal: 0x9003,
  OffsetTimeOriginal: 0x9011,
  UserComment: 0x9286,
  SubSecTimeOriginal: 0x9291,
} as const;
const TIFF_HEADER_BYTES = 8;
const MOST_BYTES = 0xffff - 2;

interface Field {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * The same JPEG with a new EXIF block, which keeps the orientation. The picture is not re-encoded.
 * @param jpeg - One whole JPEG file.
 * @throws {ThingError} `BAD_FRAME` when it is not.
 * @throws {RangeError} when the block is longer than a JPEG can carry, 65,533 bytes.
 * @see CIPA DC-008-2019 (EXIF 2.32), 4.5.4, 4.6
 */
export function withExif(jpeg: Uint8Array, tags: ExifTags): Uint8Array {
  const block = concatBytes([
    new TextEncoder().encode("Exif\0\0"),
    tiff({ ...tags, orientation: inspectJpeg(jpeg).orientation }),
  ]);
  if (block.length > MOST_BYTES) {
    throw new RangeError(
      `The EXIF block has ${block.length} bytes, but a JPEG can hold at most ${MOST_BYTES}.`,
    );
  }
  const size = block.length + 2;
  const head = Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 0xff);
  return concatBytes([head, block, ...withoutExif(jpeg)]);
}

/** What follows the start of image, without an EXIF block. */
function withoutExif(jpeg: Uint8Array): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let at = 2;
  while (jpeg[at] === 0xff && jpeg[at + 1]! >= 0xe0 && jpeg[at + 1]! <= 0xef) {
    const end = at + 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!);
    const name = String.fromCharCode(...jpeg.subarray(at + 4, at + 8));
    if (jpeg[at + 1] !== 0xe1 || name !== "Exif") kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return [...kept, jpeg.subarray(at)];
}

function tiff({
  model,
  software,
  description,
  capturedAt,
  exposure,
  comment,
  orientation,
}: AllTags): Uint8Array {
  const [date, time] = new Date(capturedAt).toISOString().split("T") as [string, string];
  const when = `${date.replaceAll("-", ":")} ${time.slice(0, 8)}`;
  const exif: Field[] = [
    ...(exposure === undefined ? [] : [rational(TAG.ExposureTime, exposure)]),
    raw(TAG.ExifVersion, new TextEncoder().encode("0232")),
    text(TAG.DateTimeOriginal, when),
    text(TAG.OffsetTimeOriginal, "+00:00"),
    ...(comment === undefined
      ? []
      : [raw(TAG.UserComment, new TextEncoder().encode(JSON.stringify(comment)))]),
    text(TAG.SubSecTimeOriginal, time.slice(9, 12)),
  ];
  const image: Field[] = [
    ...(description === undefined ? [] : [text(TAG.ImageDescription, description)]),
    ...(model === undefined ? [] : [text(TAG.Model, model)]),
    ...(orientation === 1 ? [] : [short(TAG.Orientation, orientation)]),
    ...(software === undefined ? [] : [text(TAG.Software, software)]),
    text(TAG.DateTime, when),
  ];
  const place = { tag: TAG.ExifIFD, type: LONG, count: 1, bytes: uint32(0) };
  const exifAt = TIFF_HEADER_BYTES + directory([...image, place], TIFF_HEADER_BYTES).length;
  const header = Uint8Array.of(0x49, 0x49, 0x2a, 0, TIFF_HEADER_BYTES, 0, 0, 0); // little endian
  const fields = [...image, { ...place, bytes: uint32(exifAt) }];
  return concatBytes([header, directory(fields, TIFF_HEADER_BYTES), directory(exif, exifAt)]);
}

/** A directory that stands `at` bytes from the header, with the values that do not fit into its entries behind it. */
function directory(fields: readonly Field[], at: number): Uint8Array {
  const entries = new Uint8Array(2 + 12 * fields.length + 4);
  const view = new DataView(entries.buffer);
  view.setUint16(0, fields.length, true);
  const values: Uint8Array[] = [];
  let valueAt = at + entries.length;
  for (const [n, { tag, type, count, bytes }] of fields.entries()) {
    const entry = 2 + 12 * n;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    view.setUint32(entry + 4, count, true);
    if (bytes.length <= 4) {
      entries.set(bytes, entry + 8);
      continue;
    }
    view.setUint32(entry + 8, valueAt, true);
    const padded = bytes.length % 2 === 0 ? bytes : concatBytes([bytes, Uint8Array.of(0)]);
    values.push(padded);
    valueAt += padded.length;
  }
  return concatBytes([entries, ...values]);
}

/** EXIF text is ASCII. */
function text(tag: number, value: string): Field {
  const ascii = value.replaceAll(/[^\x20-\x7e]/g, "?");
  const bytes = new TextEncoder().encode(`${ascii}\0`);
  return { tag, type: ASCII, count: bytes.length, bytes };
}

function short(tag: number, value: number): Field {
  return { tag, type: SHORT, count: 1, bytes: Uint8Array.of(value & 0xff, value >> 8) };
}

function raw(tag: number, bytes: Uint8Array): Field {
  return { tag, type: UNDEFINED, count: bytes.length, bytes };
}

/** To the microsecond. */
function rational(tag: number, value: number): Field {
  const bytes = concatBytes([uint32(Math.round(value * 1e6)), uint32(1e6)]);
  return { tag, type: RATIONAL, count: 1, bytes };
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
