import { ThingError } from "../../base/errors.ts";
import { type RawImage, requireWhole } from "../pixels/pixel-formats.ts";
import { type Sharp, sharpLibrary } from "./sharp-library.ts";

/** The Gaussian ends where it has fallen to this part of its middle: at 2.15 standard deviations. */
const LEAST = 0.1;
/** Beyond some 230 pixels libvips takes 40 times as long, in which it neither ends nor can be ended. */
const MAX_SIGMA_PX = 200;
/** As bright as a picture can be that is still measured when the filter brightens it. */
const BRIGHT = 240;

/**
 * A picture blurred by a Gaussian. Beyond an edge the picture begins anew, so that a pattern without seams stays one.
 *
 * @param sigmaPx - Standard deviation, pixels: 0, which gives the picture itself, or 0.3 to 200.
 * @throws {ThingError} `BAD_SHAPE` unless the data has `width * height * channels` bytes, in 1 or 3 channels; `BAD_ARGUMENT`;
 *   `PROGRAM_MISSING`.
 */
export async function blurred<T extends RawImage>(picture: T, sigmaPx: number): Promise<T> {
  requireWhole(picture);
  if (picture.channels === 4)
    throw new ThingError("BAD_SHAPE", "A picture that is blurred has 1 or 3 channels, not 4.");
  if (sigmaPx === 0) return picture;
  const margin = blurReach(sigmaPx);
  const { width, height, channels } = picture;
  const wide = { width: width + 2 * margin, height: height + 2 * margin, channels };
  const sides = { top: margin, bottom: margin, left: margin, right: margin };
  const repeated = (await imageOf(picture)).extend({ ...sides, extendWith: "repeat" });
  const padded = { ...wide, data: await bytesOf(repeated) };
  const filtered = (await imageOf(padded)).blur({ sigma: sigmaPx, minAmplitude: LEAST });
  const evened = filtered.linear(BRIGHT / (await brightnessOf(sigmaPx)), 0.5);
  const blurry = { ...wide, data: await bytesOf(evened) };
  const cut = (await imageOf(blurry)).extract({ left: margin, top: margin, width, height });
  // Memory of its own, which begins where 32-bit words may.
  return { ...picture, data: new Uint8Array(await bytesOf(cut)) };
}

/** How far from a pixel its blur takes light from, pixels. @throws {ThingError} `BAD_ARGUMENT` */
export function blurReach(sigmaPx: number): number {
  if (sigmaPx === 0) return 0;
  if (sigmaPx >= 0.3 && sigmaPx <= MAX_SIGMA_PX)
    return Math.ceil(sigmaPx * Math.sqrt(-2 * Math.log(LEAST))) + 1;
  throw new ThingError(
    "BAD_ARGUMENT",
    `The standard deviation of a blur is 0, or from 0.3 to ${MAX_SIGMA_PX} pixels, not ${sigmaPx}.`,
  );
}

/** What the filter makes of `BRIGHT`: its weights are small integers, whose sum may be off by 2 %. */
async function brightnessOf(sigmaPx: number): Promise<number> {
  // One pixel is enough: around it libvips sees the same colour.
  const data = new Uint8Array(3).fill(BRIGHT);
  const even = await imageOf({ data, width: 1, height: 1, channels: 3 });
  const [bright = BRIGHT] = await bytesOf(even.blur({ sigma: sigmaPx, minAmplitude: LEAST }));
  return bright;
}

async function imageOf({ data, width, height, channels }: RawImage): Promise<Sharp> {
  const sharp = await sharpLibrary();
  const image = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

function bytesOf(image: Sharp): Promise<Uint8Array> {
  return image.raw().toBuffer();
}
