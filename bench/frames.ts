import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeJpeg } from "../src/frames/codec/codec.ts";
import { BUILD_FOLDER, hasSize } from "./programs.ts";

const WIDTH = 640;
const HEIGHT = 480;
const STAMP_AT = 6; // behind SOI, the COM marker and its length
const STAMP_LENGTH = 36;

/**
 * The path of a JPEG of exactly `bytes` bytes: a real picture of that size, a COM segment that takes a time and a number,
 * and padding inside the entropy-coded data.
 */
export async function frameFile(bytes: number, width = WIDTH, height = HEIGHT): Promise<string> {
  const folder = join(BUILD_FOLDER, "frames");
  const path = join(folder, `${width}x${height}-${bytes}.jpg`);
  if (hasSize(path, bytes)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, padded(await picture(width, height), bytes));
  return path;
}

/** Writes the present time and a number where the C programs write them: "TS=<sec>.<usec> SEQ=<n>". */
export function stamp(jpeg: Uint8Array, sequence: number): void {
  const now = performance.timeOrigin + performance.now();
  const seconds = Math.floor(now / 1000);
  writeDigits(jpeg, STAMP_AT + 3, 10, seconds);
  writeDigits(jpeg, STAMP_AT + 14, 6, Math.floor((now - seconds * 1000) * 1000));
  writeDigits(jpeg, STAMP_AT + 25, 10, sequence);
}

function writeDigits(bytes: Uint8Array, at: number, count: number, value: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    bytes[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

async function picture(width: number, height: number): Promise<Uint8Array> {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      data[at] = (x * 255) / width;
      data[at + 1] = (y * 255) / height;
      data[at + 2] = ((x + y) & 255) / 2;
    }
  }
  return encodeJpeg({ data, width, height, channels: 3 }, { quality: 50 });
}

/** A JPEG of exactly `bytes` bytes: with a comment for `stamp`, and padding inside the entropy-coded data. */
export function padded(jpeg: Uint8Array, bytes: number): Buffer {
  const comment = Buffer.alloc(4 + STAMP_LENGTH);
  comment.writeUInt16BE(0xfffe, 0);
  comment.writeUInt16BE(2 + STAMP_LENGTH, 2);
  comment.write("TS=0000000000.000000 SEQ=0000000000".padEnd(STAMP_LENGTH), 4, "latin1");
  const padding = bytes - jpeg.length - comment.length;
  if (padding < 0) throw new Error(`The bench's picture does not fit in ${bytes} bytes.`);
  return Buffer.concat([
    jpeg.subarray(0, 2),
    comment,
    jpeg.subarray(2, -2),
    noise(padding),
    jpeg.subarray(-2),
  ]);
}

/** Bytes without a pattern and without FF, which would be a marker. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 7;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = (state >> 16) & 0x7f;
  }
  return bytes;
}
