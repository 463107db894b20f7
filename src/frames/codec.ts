import type { Sharp } from "sharp";
import { messageOf, ThingError } from "../base/errors.ts";
import { inspectJpeg, MAX_JPEG_PIXELS } from "./jpeg.ts";
import { badFrame } from "./jpeg-header.ts";
import { luma } from "./pixel-formats.ts";
import type { RawImage } from "./raw-image.ts";

let loading: ReturnType<typeof loadSharp> | undefined;

/** Loaded with the first picture that needs it: its libraries take 16 MB, and most servers pass JPEGs on as they are. */
async function loadSharp() {
  const { default: sharp } = await import("sharp");
  // Frames are coded beside one another, one thread each; a cache would only hold pictures that never come again.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

function sharpLibrary() {
  loading ??= loadSharp();
  return loading;
}

const DEFAULT_QUALITY = 85;

/** How a JPEG is written. */
export interface JpegQuality {
  /** Integer from 1 to 100; 85 by default. */
  readonly quality?: number | undefined;
}

/**
 * Pixels as a baseline JPEG with 4:2:0 colour. Its Huffman tables are the standard ones: making them fit costs two
 * to three times the time and saves 5 % of the bytes.
 *
 * @throws {ThingError} `BAD_SHAPE` when the data has not `width * height * channels` bytes.
 */
export async function encodeJpeg(image: RawImage, options: JpegQuality = {}): Promise<Uint8Array> {
  const { data, width, height, channels } = image;
  if (data.length !== width * height * channels || data.length === 0) {
    throw new ThingError(
      "BAD_SHAPE",
      `An image of ${width} x ${height} pixels with ${channels} channels needs ${width * height * channels} bytes ` +
        `and at least one, but has ${data.length}.`,
    );
  }
  const raw = { width, height, channels };
  const sharp = await sharpLibrary();
  return toJpeg(sharp(data, { raw, limitInputPixels: MAX_JPEG_PIXELS }).removeAlpha(), options);
}

/**
 * The same picture `width` pixels wide, its aspect kept. It is not enlarged, except when `enlarge` is true; without
 * `width` it is only written anew with another quality.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded.
 */
export async function resizeJpeg(
  jpeg: Uint8Array,
  options: JpegQuality & { width?: number | undefined; enlarge?: boolean } = {},
): Promise<Uint8Array> {
  return toJpeg(await opened(jpeg, options.width, options.enlarge), options);
}

/**
 * The brightness of each pixel, as the JPEG stores it (Rec. 601, 0 to 255), at most `width` pixels wide.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded.
 */
export async function decodeLuma(
  jpeg: Uint8Array,
  { width }: { width?: number | undefined } = {},
): Promise<RawImage> {
  const rgb = await decodeRgb(jpeg, { width });
  // Asking sharp for grey goes through linear light: other values, and half as fast.
  return { data: luma(rgb.data), width: rgb.width, height: rgb.height, channels: 1 };
}

/**
 * Red, green and blue of each pixel, at most `width` pixels wide.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded.
 */
export async function decodeRgb(
  jpeg: Uint8Array,
  { width }: { width?: number | undefined } = {},
): Promise<RawImage> {
  return toRgb(await opened(jpeg, width));
}

/** An SVG drawing as a JPEG of `width` x `height` pixels on black. @throws {ThingError} `BAD_FRAME` */
export async function renderSvg(
  svg: string,
  size: JpegQuality & { width: number; height: number },
): Promise<Uint8Array> {
  return toJpeg(await drawn(svg, size), size);
}

/** An SVG drawing as RGB pixels on black. @throws {ThingError} `BAD_FRAME` */
export async function renderSvgRaw(
  svg: string,
  size: { width: number; height: number },
): Promise<RawImage> {
  return toRgb(await drawn(svg, size));
}

/** The marker walk first: only a JPEG, of an allowed size, comes to a decoder. */
async function opened(
  jpeg: Uint8Array,
  width: number | undefined,
  enlarge = false,
): Promise<Sharp> {
  const { length } = inspectJpeg(jpeg);
  const sharp = await sharpLibrary();
  const image = sharp(jpeg.subarray(0, length), { limitInputPixels: MAX_JPEG_PIXELS });
  if (width === undefined) return image;
  requireInteger("width", width, 65500);
  return image.resize({ width, withoutEnlargement: !enlarge });
}

async function drawn(
  svg: string,
  { width, height }: { width: number; height: number },
): Promise<Sharp> {
  requireInteger("width", width, 65500);
  requireInteger("height", height, 65500);
  const sharp = await sharpLibrary();
  return sharp(new TextEncoder().encode(svg), { limitInputPixels: MAX_JPEG_PIXELS })
    .resize({ width, height, fit: "fill" })
    .flatten({ background: "#000000" });
}

async function toJpeg(
  image: Sharp,
  { quality = DEFAULT_QUALITY }: JpegQuality,
): Promise<Uint8Array> {
  requireInteger("quality", quality, 100);
  const { data } = await decoded(image.jpeg({ quality, optimiseCoding: false }));
  return data;
}

async function toRgb(image: Sharp): Promise<RawImage> {
  const { data, info } = await decoded(image.toColourspace("srgb").removeAlpha().raw());
  return { data, width: info.width, height: info.height, channels: 3 };
}

async function decoded(image: Sharp) {
  try {
    return await image.toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw badFrame(`it cannot be decoded (${messageOf(error).trim()})`, { cause: error });
  }
}

function requireInteger(name: string, value: number, largest: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= largest) return;
  const expected = `an integer from 1 to ${largest}`;
  throw new ThingError("BAD_ARGUMENT", `The ${name} of a picture is ${expected}, not ${value}.`);
}
