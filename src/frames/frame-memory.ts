import { wallTime } from "../base/clock.ts";
import { describeClockSet } from "./clock-set.ts";
import type { Origin } from "./frame.ts";
import { inspectJpeg, type JpegInfo, STANDARD_HUFFMAN_TABLES } from "./jpeg/jpeg.ts";
import type { JpegMender } from "./jpeg/mended-jpeg.ts";
import { describeLostSum } from "./lost-sum.ts";
import type { MemoryPool } from "./memory-pool.ts";
import {
  type FrameIdentity,
  type Layout,
  Placeholder,
  StoredFrame,
  type View,
} from "./stored-picture.ts";

/** The boundary of multipart streams, without its leading dashes. */
export const BOUNDARY = "frame";

const CONTENT_TYPE = "Content-Type: image/jpeg\r\n";
/** Reserved for the headers of a part whose JPEG is received first. Longer headers require a copy. */
const HEADROOM = 512;
const text = new TextEncoder();
const END_OF_PART = text.encode(`\r\n--${BOUNDARY}\r\n`);
const BARE_HEADERS = text.encode(`${CONTENT_TYPE}\r\n`);
const OPENING: Record<View, Uint8Array> = {
  program: text.encode(`--${BOUNDARY}\r\n`),
  chromium: text.encode(`--${BOUNDARY}\r\n${CONTENT_TYPE}\r\n`),
};

/** A part without a picture, for readers that check whether an idle stream is still connected. @param headers - Further lines. */
export function heartbeatPart(headers = ""): Uint8Array {
  return text.encode(
    `Content-Type: text/plain\r\nContent-Length: 0\r\nX-Heartbeat: 1\r\n${headers}\r\n\r\n--${BOUNDARY}\r\n`,
  );
}

/** What precedes the first part of a stream. */
export function streamOpening(view: View): Uint8Array {
  return OPENING[view];
}

/** Pool memory into which a JPEG of `bytes` may be received, so that `storeFrame` need not copy it. */
export function roomForJpeg(bytes: number, pool: MemoryPool): Uint8Array {
  const memory = pool.take(HEADROOM + bytes + END_OF_PART.length + BARE_HEADERS.length);
  return memory.subarray(HEADROOM, HEADROOM + bytes);
}

/**
 * A frame in memory: the one copy that every viewer, reader and recorder shares. Bytes after the end of
 * the picture are left out, and motion-JPEG without Huffman tables gets the standard ones.
 *
 * @param options - `info`: what `inspectJpeg` said of these bytes, when it was asked already; `pool`: where the memory is
 * from and returns to; without one it is new, and for the garbage collector. `isInRoom`: the bytes are `roomForJpeg`'s.
 * @throws {ThingError} `BAD_FRAME` if the bytes are not one whole JPEG.
 */
export function storeFrame(
  jpeg: Uint8Array,
  identity: FrameIdentity,
  {
    info = inspectJpeg(jpeg),
    pool,
    isInRoom = false,
  }: { info?: JpegInfo; pool?: MemoryPool; isInRoom?: boolean } = {},
): StoredFrame {
  const { run, index, capturedAt, origin, lostSum, clockSet } = identity;
  const headers =
    `X-Frame-Index: ${index}\r\nX-Stream-Run: ${run}\r\n` +
    `X-Timestamp: ${toSeconds(wallTime(capturedAt))}\r\n` +
    (origin ? `X-Origin: ${describeOrigin(origin)}\r\n` : "") +
    (lostSum ? `X-Lost: ${describeLostSum(lostSum)}\r\n` : "") +
    (clockSet ? `X-Clock-Set: ${describeClockSet(clockSet)}\r\n` : "");
  const inRoom = isInRoom ? layOutInRoom(jpeg, headers, info, pool) : undefined;
  const layout = inRoom ?? layOut(jpeg, headers, info, pool);
  if (isInRoom && !inRoom) pool?.giveBack(new Uint8Array(jpeg.buffer));
  return new StoredFrame(identity, info, layout);
}

/** As `storeFrame`, of a picture that is put right if only its ends are wrong. */
export function storeMended(
  jpeg: Uint8Array,
  identity: FrameIdentity,
  mender: JpegMender,
  options: { pool?: MemoryPool; isInRoom?: boolean },
): StoredFrame {
  try {
    return storeFrame(jpeg, identity, options);
  } catch (error) {
    const mended = mender.mended(jpeg);
    if (!mended) throw error;
    return storeFrame(mended, identity, { ...options, isInRoom: false });
  }
}

/**
 * A picture for viewers while there is no frame. It has no index, so it is not mistaken for a frame.
 *
 * @throws {ThingError} `BAD_FRAME` if the bytes are not one whole JPEG.
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
  const headers = partHeaders(length, identityHeaders);
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
  return { memory, startAt: 0, jpegAt, jpegEnd, partEnd, end, pool };
}

/** Writes headers and boundary around a JPEG; undefined if it must be moved for that. */
function layOutInRoom(
  jpeg: Uint8Array,
  identityHeaders: string,
  info: JpegInfo,
  pool?: MemoryPool,
): Layout | undefined {
  const headers = partHeaders(info.length, identityHeaders);
  const fits = jpeg.byteOffset === HEADROOM && headers.length <= HEADROOM;
  if (!fits || !info.hasHuffmanTables) return undefined;
  const memory = new Uint8Array(jpeg.buffer);
  const startAt = HEADROOM - headers.length;
  const jpegEnd = HEADROOM + info.length;
  const partEnd = jpegEnd + END_OF_PART.length;
  text.encodeInto(headers, memory.subarray(startAt));
  memory.set(END_OF_PART, jpegEnd);
  memory.set(BARE_HEADERS, partEnd);
  const end = partEnd + BARE_HEADERS.length;
  return { memory, startAt, jpegAt: HEADROOM, jpegEnd, partEnd, end, pool };
}

function partHeaders(bytes: number, identityHeaders: string): string {
  return `${CONTENT_TYPE}Content-Length: ${bytes}\r\n${identityHeaders}\r\n`;
}
