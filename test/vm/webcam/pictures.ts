import { encodeJpeg } from "../../../src/frames/codec/codec.ts";
import type { Mode } from "./modes.ts";

/** What is wrong with a picture or with how it is sent. */
export type PictureFault =
  /** Ends in its middle, without an EOI. */
  | "truncated"
  /** Has zeros instead of some of its headers. */
  | "corrupt"
  /** Has no DHT segments, as the pictures of many webcams: the tables of the standard are meant. */
  | "no-huffman-tables"
  /** Has no bytes. */
  | "empty"
  /** Its last payload does not say that it is the last. */
  | "no-end"
  /** The device says that it is damaged. */
  | "error-flag"
  /** Is a text instead of a picture. */
  | "text";

const COMMENT = 0xfe;
const HUFFMAN_TABLES = 0xc4;
const SCAN = 0xda;
const PREFIX = "virtual webcam ";

/** A picture of that size, of some 40 kB at 640x480, without the stamp. */
export async function basePicture({ pixels, width, height }: Mode): Promise<Buffer> {
  if (pixels === "YUYV") return Buffer.alloc(width * height * 2, Buffer.from([0x60, 0x80]));
  const data = new Uint8Array(width * height);
  let noise = 1;
  for (let at = 0; at < data.length; at++) {
    noise = (noise * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    const slope = ((at % width) * 200) / width;
    data[at] = slope + ((noise >>> 16) % 32);
  }
  return Buffer.from(await encodeJpeg({ data, width, height, channels: 1 }, { quality: 80 }));
}

/** The picture as the camera sends it as number `sequence`, with its fault. */
export function sentPicture(
  base: Buffer,
  { pixels }: Mode,
  sequence: number,
  fault?: PictureFault,
) {
  if (fault === "empty") return Buffer.alloc(0);
  if (fault === "text") return Buffer.from("<html>This is not a picture</html>");
  const picture = pixels === "MJPG" ? stamped(base, sequence) : numbered(base, sequence);
  if (fault === "truncated") return picture.subarray(0, picture.length >> 1);
  if (fault === "corrupt")
    return Buffer.concat([picture.subarray(0, 2), Buffer.alloc(200), picture.subarray(202)]);
  if (fault === "no-huffman-tables") return withoutSegments(picture, HUFFMAN_TABLES);
  return picture;
}

/** Which frame of the camera `jpeg` is, counted from 0 since the camera was made; undefined without its stamp. */
export function sequenceIn(jpeg: Uint8Array): number | undefined {
  const head = Buffer.from(jpeg.buffer, jpeg.byteOffset, Math.min(jpeg.length, 4096));
  const digits = /virtual webcam (\d+)/.exec(head.toString("latin1"))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** With a comment that has the number, after the SOI. */
function stamped(jpeg: Buffer, sequence: number): Buffer {
  const text = Buffer.from(PREFIX + String(sequence).padStart(10, "0"));
  const comment = Buffer.from([0xff, COMMENT, 0, text.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), comment, text, jpeg.subarray(2)]);
}

/** Uncompressed, the number is in the first luma samples, as four bytes. */
function numbered(picture: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(picture);
  for (let n = 0; n < 4; n++) copy[n * 2] = (sequence >>> (n * 8)) & 0xff;
  return copy;
}

function withoutSegments(jpeg: Buffer, kind: number): Buffer {
  const kept = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== SCAN) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (jpeg[at + 1] !== kind) kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, jpeg.subarray(at)]);
}
