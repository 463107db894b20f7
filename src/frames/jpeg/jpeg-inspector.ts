import { sameBytes } from "../../base/bytes.ts";
import { inspectJpeg, type JpegInfo, MAX_JPEG_BYTES } from "./jpeg.ts";
import { endOfScan, isText } from "./jpeg-scan.ts";

const EOI = 0xd9;
/** Of these segments a browser reads something: how the picture lies, and how its colours are coded. */
const APP1 = 0xe1;
const APP14 = 0xee;
/** Longer headers are read each time. */
const MAX_REMEMBERED_BYTES = 64 * 1024;

interface Remembered {
  /** From the first segment that is not text for other programs, to the end of the scan's header. */
  readonly head: Uint8Array;
  /** Where the SOS marker stands in `head`. */
  readonly scanAt: number;
  readonly info: JpegInfo;
}

/**
 * Inspects the JPEGs of one camera as `inspectJpeg` does. A camera writes the same tables and headers before each scan: where they are
 * those of the JPEG before, byte for byte, what they say is known, and only the end of the scan is looked for.
 */
export class JpegInspector {
  #last: Remembered | undefined;

  /** @throws {ThingError} `BAD_FRAME` with a sentence that says what is wrong and at which byte. */
  inspect(bytes: Uint8Array): JpegInfo {
    const known = this.#last && infoIfSame(bytes, this.#last);
    if (known) return known;
    const info = inspectJpeg(bytes);
    this.#last = remembered(bytes, info);
    return info;
  }
}

/** Undefined unless the headers are the remembered ones and one scan follows them, which ends the picture. */
function infoIfSame(bytes: unknown, { head, scanAt, info }: Remembered): JpegInfo | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length > MAX_JPEG_BYTES) return undefined;
  const headAt = afterText(bytes);
  const scanFrom = headAt + head.length;
  if (headAt < 0 || !sameBytes(bytes.subarray(headAt, scanFrom), head)) return undefined;
  const endAt = endOfScan(bytes, scanFrom);
  if (endAt <= scanFrom || bytes[endAt + 1] !== EOI) return undefined;
  return { ...info, length: endAt + 2, scanAt: headAt + scanAt };
}

function remembered(bytes: Uint8Array, info: JpegInfo): Remembered | undefined {
  const headAt = afterText(bytes);
  const scanFrom = info.scanAt + 2 + ((bytes[info.scanAt + 2]! << 8) | bytes[info.scanAt + 3]!);
  const isShort = headAt >= 0 && scanFrom - headAt <= MAX_REMEMBERED_BYTES;
  if (info.scans > 1 || !isShort) return undefined;
  const head = new Uint8Array(bytes.subarray(headAt, scanFrom)); // a copy, also of a Buffer, whose `slice` makes none
  return { head, scanAt: info.scanAt - headAt, info };
}

/** Behind the start and the segments that are text for other programs, such as a time; -1 where no JPEG begins. */
function afterText(bytes: Uint8Array): number {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[2] !== 0xff) return -1;
  let at = 2;
  for (let code = bytes[at + 1]!; bytes[at] === 0xff && isMereText(code); code = bytes[at + 1]!) {
    const stated = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const end = at + 2 + Math.max(2, stated);
    if (end > bytes.length) return -1;
    at = end;
  }
  return at;
}

function isMereText(code: number): boolean {
  return isText(code) && code !== APP1 && code !== APP14;
}
