import type { Frame, Origin } from "./frame.ts";
import { inspectJpeg, type JpegInfo, STANDARD_HUFFMAN_TABLES } from "./jpeg.ts";

/** What stands between two parts of a multipart stream, without its leading dashes. */
export const BOUNDARY = "frame";

/**
 * How a viewer is sent a stream. `program`: each part is complete, headers first. `chromium`: each write
 * ends with the headers of the part to come, because Chromium paints a part only when those have arrived.
 */
export type View = "program" | "chromium";

/** A picture laid out for both views. */
export interface Picture {
  readonly jpeg: Uint8Array;
  readonly part: Uint8Array;
  readonly advancedPart: Uint8Array;
}

/** A picture that is not a frame: it says why there is none. */
export interface Placeholder extends Picture {
  readonly reason: string;
}

/** What a frame is, beside its bytes. */
export interface FrameIdentity {
  readonly run: string;
  readonly index: number;
  readonly capturedAt: number;
  readonly origin?: Origin | undefined;
}

const CONTENT_TYPE = "Content-Type: image/jpeg\r\n";
const text = new TextEncoder();
const END_OF_PART = text.encode(`\r\n--${BOUNDARY}\r\n`);
const BARE_HEADERS = text.encode(`${CONTENT_TYPE}\r\n`);
const OPENING: Record<View, Uint8Array> = {
  program: text.encode(`--${BOUNDARY}\r\n`),
  chromium: text.encode(`--${BOUNDARY}\r\n${CONTENT_TYPE}\r\n`),
};

/** What precedes the first part of a stream. */
export function streamOpening(view: View): Uint8Array {
  return OPENING[view];
}

/**
 * A frame in its own memory: the one copy that every viewer, reader and recorder shares. Bytes after the end of
 * the picture are left out, and motion-JPEG without Huffman tables gets the standard ones.
 *
 * @param info - What `inspectJpeg` said of these bytes, when it was asked already.
 * @throws {ThingError} `BAD_FRAME` when the bytes are not one whole JPEG.
 */
export function storeFrame(
  jpeg: Uint8Array,
  identity: FrameIdentity,
  info: JpegInfo = inspectJpeg(jpeg),
): Frame {
  const { run, index, capturedAt, origin } = identity;
  const headers =
    `X-Frame-Index: ${index}\r\nX-Stream-Run: ${run}\r\n` +
    `X-Timestamp: ${toSeconds(capturedAt)}\r\n` +
    (origin ? `X-Origin: ${describeOrigin(origin)}\r\n` : "");
  const { width, height } = info;
  const frame = { run, index, capturedAt, width, height, ...layOut(jpeg, headers, info) };
  return origin ? { ...frame, origin } : frame;
}

/**
 * A picture for viewers while there is no frame. It has no index: it is never taken for one.
 *
 * @throws {ThingError} `BAD_FRAME` when the bytes are not one whole JPEG.
 */
export function storePlaceholder(jpeg: Uint8Array, reason: string): Placeholder {
  const line = `X-Placeholder: ${reason.replace(/[^\x20-\x7e]/g, "?")}\r\n`;
  return { reason, ...layOut(jpeg, line, inspectJpeg(jpeg)) };
}

/** Epoch milliseconds as the seconds of `X-Timestamp`, with microseconds. */
export function toSeconds(epochMs: number): string {
  return (epochMs / 1000).toFixed(6);
}

/** The value of `X-Origin`: `stream=camera;run=k3x9q2;index=7;timestamp=1770000000.000000`. */
export function describeOrigin({ stream, run, index, capturedAt }: Origin): string {
  const fields = [
    encodeURIComponent(stream),
    encodeURIComponent(run),
    index,
    toSeconds(capturedAt),
  ];
  return `stream=${fields[0]};run=${fields[1]};index=${fields[2]};timestamp=${fields[3]}`;
}

function layOut(jpeg: Uint8Array, identityHeaders: string, info: JpegInfo): Picture {
  const tables = info.hasHuffmanTables ? undefined : STANDARD_HUFFMAN_TABLES;
  const length = info.length + (tables?.length ?? 0);
  const headers = `${CONTENT_TYPE}Content-Length: ${length}\r\n${identityHeaders}\r\n`;
  const start = headers.length;
  const end = start + length;
  const memory = new Uint8Array(end + END_OF_PART.length + BARE_HEADERS.length);
  text.encodeInto(headers, memory);
  if (tables) {
    memory.set(jpeg.subarray(0, info.scanAt), start);
    memory.set(tables, start + info.scanAt);
    memory.set(jpeg.subarray(info.scanAt, info.length), start + info.scanAt + tables.length);
  } else {
    memory.set(jpeg.subarray(0, info.length), start);
  }
  memory.set(END_OF_PART, end);
  memory.set(BARE_HEADERS, end + END_OF_PART.length);
  return {
    jpeg: memory.subarray(start, end),
    part: memory.subarray(0, end + END_OF_PART.length),
    advancedPart: memory.subarray(start),
  };
}
