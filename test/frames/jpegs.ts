import sharp, { type JpegOptions } from "sharp";

/** A real JPEG with detail everywhere, coded with the standard Huffman tables as cameras do. */
export async function jpegOf(
  width: number,
  height: number,
  options: JpegOptions = {},
): Promise<Uint8Array> {
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0, seed = 1; i < pixels.length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    pixels[i] = ((i / 3) % width) / 2 + ((seed >> 16) & 63);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 60, optimiseCoding: false, ...options })
    .toBuffer();
}

/** One segment of a JPEG's header: its marker's second byte, where its 0xff stands, and its end. */
export interface Segment {
  readonly code: number;
  readonly at: number;
  readonly end: number;
}

/** The segments up to and including the first SOS. */
export function segmentsOf(jpeg: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; segments.at(-1)?.code !== 0xda; ) {
    const end = at + 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!;
    segments.push({ code: jpeg[at + 1]!, at, end });
    at = end;
  }
  return segments;
}

export function join(...pieces: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => Array.from(piece)));
}

/** A segment with its marker and length. */
export function segment(code: number, content: ArrayLike<number>): Uint8Array {
  const length = content.length + 2;
  return join([0xff, code, length >> 8, length & 255], content);
}

/** The JPEG with `piece` right after its SOI. */
export function withFirstSegment(jpeg: Uint8Array, piece: Uint8Array): Uint8Array {
  return join(jpeg.subarray(0, 2), piece, jpeg.subarray(2));
}

/** The JPEG as a camera that lies on its side marks it. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8];
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const exif = segment(0xe1, [...Buffer.from("Exif\0\0"), ...tiff, 0, 1, ...entry, 0, 0, 0, 0]);
  return withFirstSegment(jpeg, exif);
}

export function without(jpeg: Uint8Array, code: number): Uint8Array {
  const bytes = new Set<number>();
  for (const { at, end } of segmentsOf(jpeg).filter((one) => one.code === code)) {
    for (let i = at; i < end; i++) bytes.add(i);
  }
  return jpeg.filter((_, i) => !bytes.has(i));
}

/** Splits `bytes` into chunks of the given sizes, again and again. */
export function chunked(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = Math.max(1, sizes[n % sizes.length] ?? bytes.length);
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}
