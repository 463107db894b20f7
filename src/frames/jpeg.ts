import { badFrame, hex, JpegHeader, word } from "./jpeg-header.ts";
import { endOfScan } from "./jpeg-scan.ts";

export { STANDARD_HUFFMAN_TABLES } from "./huffman-tables.ts";

/** Bytes that one frame may have. */
export const MAX_JPEG_BYTES = 64 * 1024 * 1024;
/** Pixels that one frame may have, as its header claims: 16384 x 16384. */
export const MAX_JPEG_PIXELS = 2 ** 28;

/** What the markers of a JPEG say. */
export interface JpegInfo {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Bytes up to and including the EOI marker; what follows them is not part of the JPEG. */
  readonly length: number;
  /** Offset of the first SOS marker: headers end here. */
  readonly scanAt: number;
  /** False for motion JPEG as USB cameras send it: put `STANDARD_HUFFMAN_TABLES` in at `scanAt` before showing it. */
  readonly hasHuffmanTables: boolean;
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DNL = 0xdc;
const DRI = 0xdd;
const DHT = 0xc4;

/**
 * Is this one whole JPEG, and how large is the picture? Walks the markers and checks tables and headers without
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
  if (!(bytes instanceof Uint8Array)) throw badFrame(`it is no Uint8Array, but ${kindOf(bytes)}`);
  if (bytes.length > maxBytes)
    throw badFrame(`it has ${bytes.length} bytes, at most ${maxBytes} are allowed`);
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw badFrame(notAJpeg(bytes));
  const header = new JpegHeader(maxPixels);
  let scanAt = -1;
  for (let at = 2; ; ) {
    const codeAt = markerCodeAt(bytes, at);
    const code = bytes[codeAt]!;
    if (code === EOI) {
      if (scanAt < 0) throw badFrame(`it ends at byte ${codeAt} without a scan (SOS)`);
      const { width, height, hasHuffmanTables } = header;
      return { width, height, length: codeAt + 1, scanAt, hasHuffmanTables };
    }
    const end = segmentEnd(bytes, codeAt);
    readSegment(header, code, bytes, codeAt + 3, end);
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

/** What somebody without types gave instead. */
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
  if (code === DHT) header.readHuffmanTables(bytes, start, end);
  else if (code === DQT) header.readQuantisationTables(bytes, start, end);
  else if (code === SOS) header.readScanHeader(bytes, start, end);
  else if (isFrameHeader(code)) header.readFrameHeader(code, bytes, start, end);
  else if (!isPassedOver(code))
    throw badFrame(`the marker FF${hex(code)} at byte ${start - 4} has no place there`);
}

/** The offset of the second byte of the marker at `at`; any number of fill bytes 0xff may lead it. */
function markerCodeAt(bytes: Uint8Array, at: number): number {
  let codeAt = at;
  while (bytes[codeAt] === 0xff) codeAt++;
  if (codeAt >= bytes.length) throw badFrame(`it is cut off after ${bytes.length} bytes`);
  if (codeAt === at)
    throw badFrame(`byte ${at} is ${hex(bytes[at]!)} where a marker (FF) must stand`);
  return codeAt;
}

function segmentEnd(bytes: Uint8Array, codeAt: number): number {
  const code = bytes[codeAt]!;
  if (code < 0xc0 || (code >= 0xd0 && code <= SOI)) {
    throw badFrame(`the marker FF${hex(code)} at byte ${codeAt - 1} has no place there`);
  }
  if (codeAt + 2 >= bytes.length) throw badFrame(`it is cut off after ${bytes.length} bytes`);
  const length = word(bytes, codeAt + 1);
  const end = codeAt + 1 + length;
  if (length < 2 || end > bytes.length) {
    throw badFrame(
      `the segment FF${hex(code)} at byte ${codeAt - 1} claims ${length} bytes, ${bytes.length - codeAt - 1} are left`,
    );
  }
  return end;
}

function isFrameHeader(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== DHT && code !== 0xc8 && code !== 0xcc;
}

function isPassedOver(code: number): boolean {
  const isApplicationOrComment = (code >= 0xe0 && code <= 0xef) || code === 0xfe;
  return isApplicationOrComment || code === DRI || code === DNL;
}

function notAJpeg(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  const start = Array.from(bytes.subarray(0, 4), hex).join(" ");
  return `it begins with ${start} instead of FF D8`;
}
