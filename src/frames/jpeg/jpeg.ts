import type { ThingError } from "../../base/errors.ts";
import { liesOnItsSide, type Orientation } from "./exif-orientation.ts";
import { badFrame, hex, word } from "./jpeg-fault.ts";
import { JpegHeader } from "./jpeg-header.ts";
import { endOfScan, isText, kindOfMarker, markerCodeAfter } from "./jpeg-scan.ts";

export { STANDARD_HUFFMAN_TABLES } from "./huffman-tables.ts";

/** Bytes that one frame may have. */
export const MAX_JPEG_BYTES = 64 * 1024 * 1024;
/** Pixels that one frame may have, as its header claims: 16384 x 16384. */
export const MAX_JPEG_PIXELS = 2 ** 28;

/** The properties of a JPEG. */
export interface JpegInfo {
  /** Pixels as displayed: upright. */
  readonly width: number;
  /** Pixels as displayed: upright. */
  readonly height: number;
  /** Its EXIF orientation. For 5 to 8 the file's width is `height`, and its height `width`. */
  readonly orientation: Orientation;
  /** Of colour: 1, 3 or 4. */
  readonly components: number;
  /** Grey or YCbCr of a sampling that every decoder knows. ffmpeg shows others with wrong colours, or not at all. */
  readonly isCommon: boolean;
  /** Whether restart markers stand in its scans. ffmpeg loses its place at bytes before one of them. */
  readonly hasRestarts: boolean;
  /** Several in a progressive JPEG, and where each colour component has one of its own. */
  readonly scans: number;
  /** Bytes up to and including the EOI marker; what follows them is not part of the JPEG. */
  readonly length: number;
  /** Offset of the first SOS marker: headers end here. */
  readonly scanAt: number;
  /** False for motion JPEG as USB cameras send it: put `STANDARD_HUFFMAN_TABLES` in at `scanAt` before showing it. */
  readonly hasHuffmanTables: boolean;
}

const SOI = 0xd8;
const SOS = 0xda;
const DQT = 0xdb;
const DNL = 0xdc;
const DRI = 0xdd;
const DHT = 0xc4;
const APP1 = 0xe1;
const APP14 = 0xee;

/**
 * Checks that this is one whole JPEG, and reads its size. Walks the markers and checks tables and headers without
 * decoding: a JPEG with a broken header ends a Chromium `<img>` stream for good, one with broken scan data does not.
 *
 * @param bytes - One JPEG, perhaps with bytes after its end.
 * @param limits - `maxBytes` of the JPEG and `maxPixels` that its header may claim.
 * @throws {ThingError} `BAD_FRAME` with a sentence that says what is wrong and at which byte.
 */
export function inspectJpeg(
  bytes: Uint8Array,
  {
    maxBytes = MAX_JPEG_BYTES,
    maxPixels = MAX_JPEG_PIXELS,
  }: { maxBytes?: number; maxPixels?: number } = {},
): JpegInfo {
  if (!(bytes instanceof Uint8Array))
    throw badFrame(`it is not a Uint8Array, but ${kindOf(bytes)}`);
  if (bytes.length > maxBytes)
    throw badFrame(`it has ${bytes.length} bytes; at most ${maxBytes} are allowed`);
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw badFrame(notAJpeg(bytes));
  // Browsers recognise a JPEG by this third byte; bytes between later markers do not matter to them.
  if (bytes.length > 2 && bytes[2] !== 0xff)
    throw badFrame(`byte 2 is ${hex(bytes[2]!)}, but a marker must start with FF`);
  const header = new JpegHeader(maxPixels);
  let scanAt = -1;
  for (let at = 2; ; ) {
    const codeAt = markerCodeAfter(bytes, at);
    if (codeAt < 0) throw badFrame(`it is truncated after ${bytes.length} bytes`);
    const code = bytes[codeAt]!;
    const kind = kindOfMarker(code);
    if (kind === "end") {
      if (scanAt < 0) throw badFrame(`it ends at byte ${codeAt} without a scan (SOS)`);
      return infoOf(header, codeAt + 1, scanAt);
    }
    if (kind === "alone") {
      at = codeAt + 1;
      continue;
    }
    if (kind !== "segment") throw outOfPlace(code, codeAt - 1);
    const end = segmentEnd(bytes, codeAt);
    if (code !== APP1) readSegment(header, code, bytes, codeAt + 3, end);
    else if (scanAt < 0) header.readApplicationData(bytes, codeAt + 3, end);
    if (code !== SOS) {
      at = end;
      continue;
    }
    if (scanAt < 0) scanAt = codeAt - 1;
    at = endOfScan(bytes, end);
    if (at < 0) throw badFrame(`the end marker (EOI) is missing after ${bytes.length} bytes`);
    if (at === end) throw badFrame(`the scan at byte ${end} is empty`);
  }
}

function infoOf(header: JpegHeader, length: number, scanAt: number): JpegInfo {
  const { orientation, components, isCommon, hasRestarts, huffman, scans } = header;
  const isTurned = liesOnItsSide(orientation);
  const width = isTurned ? header.height : header.width;
  const height = isTurned ? header.width : header.height;
  const hasHuffmanTables = huffman.areThere;
  const kind = { orientation, components, isCommon, hasRestarts, scans, hasHuffmanTables };
  return { width, height, length, scanAt, ...kind };
}

/** A JPEG's EXIF orientation; upright if it cannot be read. */
export function orientationOf(jpeg: Uint8Array): Orientation {
  try {
    return inspectJpeg(jpeg).orientation;
  } catch {
    return 1;
  }
}

/** The type of an invalid argument. */
function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return value.constructor?.name ?? "an object";
}

function readSegment(
  header: JpegHeader,
  code: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (code === DHT) header.huffman.read(bytes, start, end);
  else if (code === DQT) header.readQuantisationTables(bytes, start, end);
  else if (code === SOS) header.readScanHeader(bytes, start, end);
  else if (code === DRI) header.readRestartInterval(bytes, start, end);
  else if (code === APP14) header.readAdobe(bytes, start, end);
  else if (isFrameHeader(code)) header.readFrameHeader(code, bytes, start, end);
  else if (!isText(code) && code !== DNL) throw outOfPlace(code, start - 4);
}

function outOfPlace(code: number, at: number): ThingError {
  return badFrame(`the marker FF${hex(code)} at byte ${at} is not allowed there`);
}

function segmentEnd(bytes: Uint8Array, codeAt: number): number {
  const code = bytes[codeAt]!;
  if (codeAt + 2 >= bytes.length) throw badFrame(`it is truncated after ${bytes.length} bytes`);
  const stated = word(bytes, codeAt + 1);
  const length = isText(code) ? Math.max(2, stated) : stated;
  const end = codeAt + 1 + length;
  if (length < 2 || end > bytes.length) {
    throw badFrame(
      `the segment FF${hex(code)} at byte ${codeAt - 1} claims ${stated} bytes, but ${bytes.length - codeAt - 1} are left`,
    );
  }
  return end;
}

function isFrameHeader(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== DHT && code !== 0xcc;
}

function notAJpeg(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  const start = Array.from(bytes.subarray(0, 4), hex).join(" ");
  return `it begins with ${start} instead of FF D8`;
}
