import { wallTime } from "../base/clock.ts";
import { describeClockSet } from "./clock-set.ts";
import type { Origin } from "./frame.ts";
import { inspectJpeg, type JpegInfo, STANDARD_HUFFMAN_TABLES } from "./jpeg.ts";
import type { MemoryPool } from "./memory-pool.ts";
import {
  type FrameIdentity,
  type Layout,
  Placeholder,
  StoredFrame,
  type View,
} from "./stored-picture.ts";

/** What stands between two parts of a multipart stream, without its leading dashes. */
export const BOUNDARY = "frame";

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
 * A frame in memory: the one copy that every viewer, reader and recorder shares. Bytes after the end of
 * the picture are left out, and motion-JPEG without Huffman tables gets the standard ones.
 *
 * @param options - `info`: what `inspectJpeg` said of these bytes, when it was asked already; `pool`: where the memory is
 * from and returns to. Without one it is new, and for the garbage collector.
 * @throws {ThingError} `BAD_FRAME` when the bytes are not one whole JPEG.
 */
export function storeFrame(
  jpeg: Uint8Array,
  identity: FrameIdentity,
  { info = inspectJpeg(jpeg), pool }: { info?: JpegInfo; pool?: MemoryPool } = {},
): StoredFrame {
  const { run, index, capturedAt, origin, clockSet } = identity;
  const headers =
    `X-Frame-Index: ${index}\r\nX-Stream-Run: ${run}\r\n` +
    `X-Timestamp: ${toSeconds(wallTime(capturedAt))}\r\n` +
    (origin ? `X-Origin: ${describeOrigin(origin)}\r\n` : "") +
    (clockSet ? `X-Clock-Set: ${describeClockSet(clockSet)}\r\n` : "");
  return new StoredFrame(identity, info, layOut(jpeg, headers, info, pool));
}

/**
 * A picture for viewers while there is no frame. It has no index: it is never taken for one.
 *
 * @throws {ThingError} `BAD_FRAME` when the bytes are not one whole JPEG.
 */
export function storePlaceholder(jpeg: Uint8Array, reason: string): Placeholder {
  const line = `X-Placeholder: ${reason.replace(/[^\x20-\x7e]/g, "?")}\r\n`;
  return new Placeholder(reason, layOut(jpeg, line, inspectJpeg(jpeg)));
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

function layOut(
  jpeg: Uint8Array,
  identityHeaders: string,
  info: JpegInfo,
  pool?: MemoryPool,
): Layout {
  const tables = info.hasHuffmanTables ? undefined : STANDARD_HUFFMAN_TABLES;
  const length = info.length + (tables?.length ?? 0);
  const headers = `${CONTENT_TYPE}Content-Length: ${length}\r\n${identityHeaders}\r\n`;
  const jpegAt = headers.length;
  const jpegEnd = jpegAt + length;
  const partEnd = jpegEnd + END_OF_PART.length;
  const end = partEnd + BARE_HEADERS.length;
  const memory = pool?.take(end) ?? new Uint8Array(end);
  text.encodeInto(headers, memory);
  if (tables) {
    memory.set(jpeg.subarray(0, info.scanAt), jpegAt);
    memory.set(tables, jpegAt + info.scanAt);
    memory.set(jpeg.subarray(info.scanAt, info.length), jpegAt + info.scanAt + tables.length);
  } else {
    memory.set(jpeg.subarray(0, info.length), jpegAt);
  }
  memory.set(END_OF_PART, jpegEnd);
  memory.set(BARE_HEADERS, partEnd);
  return { memory, jpegAt, jpegEnd, partEnd, end, pool };
}
