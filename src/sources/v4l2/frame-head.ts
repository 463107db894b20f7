import { brokenWire } from "./messages.ts";

/** What the program says of a frame, before its bytes. */
export interface V4l2FrameInfo {
  /** The driver's time stamp, ns; null where it gives none. */
  readonly time: number | null;
  /** Which clock that is of. */
  readonly clock: (typeof CLOCKS)[number];
  /** The driver's number. */
  readonly sequence: number;
  readonly lost: number;
  readonly replaced: number;
  readonly fourcc: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Bytes of a line; 0 for a JPEG. */
  readonly stride: number;
  /** The picture may be damaged. */
  readonly error: boolean;
  /** The number of the command `still` that it answers. */
  readonly still?: number;
}

/** The length of what is said of a frame. It is binary, since it comes with each: docs/internals/v4l2-program.md has its table. */
export const FRAME_HEAD_BYTES = 56;

const CLOCKS = ["unknown", "monotonic", "copy"] as const;
const AT = {
  ...{ time: 0, received: 8, sequence: 16, lost: 20, replaced: 24, flags: 28, fourcc: 32 },
  ...{ from: 36, width: 40, height: 44, stride: 48, still: 52 },
} as const;
const CLOCK_BITS = 3;
const ERROR = 1 << 3;
const STILL = 1 << 4;
const LARGEST_SIDE = 32_768;
const NO_TIME = 2 ** 32 - 1;

/** @throws {ThingError} `SOURCE_FAILED` for a size that no frame has. */
export function readFrameHead(head: DataView): V4l2FrameInfo {
  const width = head.getUint32(AT.width, true);
  const height = head.getUint32(AT.height, true);
  if (width < 1 || height < 1 || width > LARGEST_SIDE || height > LARGEST_SIDE)
    throw brokenWire(`a frame of ${width} by ${height} pixels`);
  const flags = head.getUint32(AT.flags, true);
  const info = {
    time: timeIn(head),
    clock: CLOCKS[flags & CLOCK_BITS] ?? "unknown",
    sequence: head.getUint32(AT.sequence, true),
    lost: head.getUint32(AT.lost, true),
    replaced: head.getUint32(AT.replaced, true),
    fourcc: fourccOf(head.getUint32(AT.fourcc, true)),
    ...{ width, height, stride: head.getUint32(AT.stride, true) },
    error: (flags & ERROR) !== 0,
  };
  return flags & STILL ? { ...info, still: head.getUint32(AT.still, true) } : info;
}

/** The same backward, for programs of our own that speak this wire. */
export function writeFrameHead(info: V4l2FrameInfo): Uint8Array {
  const head = new DataView(new ArrayBuffer(FRAME_HEAD_BYTES));
  head.setBigInt64(AT.time, BigInt(Math.round(info.time ?? -1)), true);
  head.setUint32(AT.sequence, info.sequence, true);
  head.setUint32(AT.lost, info.lost, true);
  head.setUint32(AT.replaced, info.replaced, true);
  const isStill = info.still !== undefined;
  const flags = CLOCKS.indexOf(info.clock) | (info.error ? ERROR : 0) | (isStill ? STILL : 0);
  head.setUint32(AT.flags, flags, true);
  const characters = Buffer.from(decodeURIComponent(info.fourcc).padEnd(4), "latin1");
  head.setUint32(AT.fourcc, characters.readUInt32LE(), true);
  head.setUint32(AT.width, info.width, true);
  head.setUint32(AT.height, info.height, true);
  head.setUint32(AT.stride, info.stride, true);
  head.setUint32(AT.still, info.still ?? 0, true);
  return new Uint8Array(head.buffer);
}

/** A number is exact up to 104 days of ns; what is missing then is less than a microsecond. */
function timeIn(head: DataView): number | null {
  const high = head.getUint32(AT.time + 4, true);
  return high === NO_TIME ? null : high * 2 ** 32 + head.getUint32(AT.time, true);
}

let known = { code: 0, text: "" };

/** As the program writes it in JSON: without trailing spaces, other characters than letters and digits as `%20`. */
function fourccOf(code: number): string {
  if (code !== known.code || known.text === "") known = { code, text: textOf(code) };
  return known.text;
}

function textOf(code: number): string {
  const bytes = [0, 8, 16, 24].map((shift) => (code >>> shift) & 0xff);
  const text = String.fromCharCode(...bytes).replace(/(?!^) +$/, "");
  return text.replace(
    /[^A-Za-z0-9]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
