import { asSentence, messageOf, ThingError } from "../../base/errors.ts";
import { liesOnItsSide, type Orientation, turnBetween } from "../jpeg/exif-orientation.ts";
import { inspectJpeg, type JpegInfo, MAX_JPEG_PIXELS } from "../jpeg/jpeg.ts";
import { badFrame } from "../jpeg/jpeg-fault.ts";
import type { RawImage } from "../pixels/pixel-formats.ts";
import { luma, requireWhole } from "../pixels/pixel-formats.ts";
import { type Sharp, sharpLibrary, whatIsMissing } from "./sharp-library.ts";

const DEFAULT_QUALITY = 85;
/** Colour components of a JPEG for printers. */
const CMYK = 4;

/** How a JPEG is written. */
export interface JpegQuality {
  /** Integer from 1 to 100; 85 by default. */
  readonly quality?: number | undefined;
}

/**
 * Pixels as a baseline JPEG with 4:2:0 colour. Its Huffman tables are the standard ones: making them fit costs two
 * to three times the time and saves 5 % of the bytes.
 *
 * @throws {ThingError} `BAD_SHAPE` unless the data has `width * height * channels` bytes.
 */
export async function encodeJpeg(image: RawImage, options: JpegQuality = {}): Promise<Uint8Array> {
  requireWhole(image);
  const { data, width, height, channels } = image;
  const raw = { width, height, channels };
  const sharp = await sharpLibrary();
  return toJpeg(sharp(data, { raw, limitInputPixels: MAX_JPEG_PIXELS }).removeAlpha(), options);
}

/**
 * The same picture as browsers show it, upright and `width` pixels wide with the same aspect ratio. It is enlarged only if
 * `enlarge` is true; without `width` it is only re-encoded with another quality.
 *
 * @throws {ThingError} `BAD_FRAME` if it is not one whole JPEG; `PICTURE_FAILED` if the codec fails.
 */
export async function resizeJpeg(
  jpeg: Uint8Array,
  options: JpegQuality & { width?: number | undefined; enlarge?: boolean } = {},
): Promise<Uint8Array> {
  const info = inspectJpeg(jpeg);
  try {
    return await toJpeg(await opened(jpeg, options, info), options);
  } catch (cause) {
    if (cause instanceof ThingError && cause.code === "BAD_ARGUMENT") throw cause;
    throw new ThingError(
      "PICTURE_FAILED",
      `The picture could not be resized or re-encoded: ${whatFailed(cause)} without width and quality.`,
      { cause },
    );
  }
}

/** Why a picture could not be made, and the beginning of what to do. */
function whatFailed(cause: unknown): string {
  if (cause instanceof ThingError && cause.code === "PROGRAM_MISSING")
    return `${whatIsMissing(cause.cause)}, or request it`;
  const [why = ""] = messageOf(cause).trim().split("\n");
  return `${asSentence(why)} Request it`;
}

/**
 * The same picture for decoders that know less than browsers, lying in its file as `orientation` says: as it is where it does,
 * libjpeg has nothing to warn of and its colours are coded in a usual way, else written anew, nearly without loss.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded.
 */
export async function commonJpeg(
  jpeg: Uint8Array,
  { orientation }: { orientation: Orientation },
): Promise<Uint8Array> {
  const info = inspectJpeg(jpeg);
  const isAsAsked = info.isCommon && info.orientation === orientation;
  if (isAsAsked && (await isWithoutWarnings(jpeg, info))) return jpeg;
  const image = await opened(jpeg, { orientation }, info);
  const { data } = await decoded(image.jpeg({ quality: 97, chromaSubsampling: "4:4:4" }));
  return data;
}

async function isWithoutWarnings(jpeg: Uint8Array, info: JpegInfo): Promise<boolean> {
  try {
    await toRgb(await opened(jpeg, { failOn: "warning" }, info));
    return true;
  } catch {
    return false;
  }
}

/**
 * The brightness of each pixel, as the JPEG stores it (Rec. 601, 0 to 255), upright and at most `width` pixels wide.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded, or its data is damaged.
 */
export async function decodeLuma(
  jpeg: Uint8Array,
  { width }: { width?: number | undefined } = {},
): Promise<RawImage> {
  const rgb = await decodeRgb(jpeg, { width });
  // Asking sharp for grey goes through linear light: other values, and half as fast.
  return { data: luma(rgb.data), width: rgb.width, height: rgb.height, channels: 1 };
}

/** libjpeg's warnings of missing or wrong pixels; its other warnings, such as bytes before a marker, are harmless. */
const DAMAGE = /premature end|bad Huffman code|instead of RST/i;

/**
 * Red, green and blue of each pixel, upright and at most `width` pixels wide. They are for programs, so a picture whose data is
 * damaged is refused here; where it is shown, it is shown as far as it goes.
 *
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded, or its data is damaged.
 */
export async function decodeRgb(
  jpeg: Uint8Array,
  { width }: { width?: number | undefined } = {},
): Promise<RawImage> {
  try {
    return await toRgb(await opened(jpeg, { width, failOn: "warning" }));
  } catch (error) {
    if (DAMAGE.test(messageOf(error))) throw error;
    return toRgb(await opened(jpeg, { width }));
  }
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

interface Opening {
  readonly width?: number | undefined;
  readonly enlarge?: boolean | undefined;
  /** As browsers, a decoder goes on after a warning, and shows as much as there is. */
  readonly failOn?: "none" | "warning";
  /** How it is to lie; upright when absent. */
  readonly orientation?: Orientation;
}

/** The marker walk first: only a JPEG, of an allowed size, comes to a decoder. */
async function opened(
  jpeg: Uint8Array,
  { width, enlarge = false, failOn = "none", orientation = 1 }: Opening,
  info = inspectJpeg(jpeg),
): Promise<Sharp> {
  const sharp = await sharpLibrary();
  const input = { failOn, limitInputPixels: MAX_JPEG_PIXELS, unlimited: true }; // of scans: the walk has counted them
  const picture = sharp(jpeg.subarray(0, info.length), input);
  const image = info.components === CMYK ? await asRgb(picture) : picture;
  if (width !== undefined) {
    requireInteger("width", width, 65500);
    if (enlarge || width < info.width) image.resize({ ...sizeInFile(info, width), fit: "fill" });
  }
  const { mirror, turn } = turnBetween(info.orientation, orientation);
  if (mirror) image.flop(); // sharp mirrors before it turns, and turns what has been made smaller
  return turn === 0 ? image : image.rotate(turn);
}

/** What is to become of the picture as it lies in its file, that it is `width` wide when it is upright. */
function sizeInFile({ width: own, height: ownHeight, orientation }: JpegInfo, width: number) {
  const height = Math.max(1, Math.round((width * ownHeight) / own));
  return liesOnItsSide(orientation) ? { width: height, height: width } : { width, height };
}

/** As browsers take the four inks, without a profile of colours. */
async function asRgb(image: Sharp): Promise<Sharp> {
  const raw = image.pipelineColourspace("cmyk").toColourspace("cmyk").raw();
  const { data, info } = await decoded(raw);
  const { width, height } = info;
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += CMYK) {
    const light = 255 - data[from + 3]!;
    for (let ink = 0; ink < 3; ink++) {
      rgb[to++] = Math.round(((255 - data[from + ink]!) * light) / 255);
    }
  }
  const sharp = await sharpLibrary();
  return sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: MAX_JPEG_PIXELS });
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
