import { ThingError } from "../../base/errors.ts";

/** How pixels lie in memory, by FFmpeg's names. */
export const PIXEL_FORMATS = ["rgb24", "bgr24", "gray", "yuv420p"] as const;

/** One of them. */
export type PixelFormat = (typeof PIXEL_FORMATS)[number];

/** The planes of a picture, one behind the other in one memory, rows without padding. */
interface Planes {
  readonly data: Uint8Array;
  /** Bytes of each plane. */
  readonly sizes: readonly number[];
  /** Bytes of a row of each plane. */
  readonly lineSizes: readonly number[];
}

/**
 * An RGB picture in another format. `yuv420p` has the limited range of video, 16 to 235 and 16 to 240, as FFmpeg takes
 * that name to say; colours are those of Rec. 601, and one colour sample is the mean of its four pixels.
 *
 * @returns For `rgb24` the same memory.
 * @throws {ThingError} `BAD_SHAPE` unless the picture has 3 channels.
 */
export function toPixelFormat(image: RawImage, format: PixelFormat): Planes {
  const { data, width, height, channels } = image;
  if (channels !== 3 || data.length !== 3 * width * height) {
    throw new ThingError(
      "BAD_SHAPE",
      `Conversion to ${format} needs RGB pixels, ${3 * width * height} bytes in 3 channels, not ${data.length} in ${channels}.`,
    );
  }
  switch (format) {
    case "rgb24":
      return { data, sizes: [data.length], lineSizes: [3 * width] };
    case "bgr24":
      return { data: swapped(data), sizes: [data.length], lineSizes: [3 * width] };
    case "gray":
      return { data: luma(data), sizes: [width * height], lineSizes: [width] };
    case "yuv420p":
      return yuv420p(data, width, height);
  }
}

/** The brightness of each RGB pixel (Rec. 601), 0 to 255. */
export function luma(rgb: Uint8Array): Uint8Array {
  const values = new Uint8Array(rgb.length / 3); // weights in 1/256
  for (let pixel = 0, at = 0; pixel < values.length; pixel++, at += 3) {
    values[pixel] = (77 * rgb[at]! + 150 * rgb[at + 1]! + 29 * rgb[at + 2]! + 128) >> 8;
  }
  return values;
}

/** The pixels with red and blue exchanged, in memory of their own. @param channels - Bytes of a pixel, of which those are the first and the third. */
export function swapped(pixels: Uint8Array, channels: 3 | 4 = 3): Uint8Array {
  const exchanged = Uint8Array.from(pixels);
  for (let at = 0; at + 2 < pixels.length; at += channels) {
    exchanged[at] = pixels[at + 2]!;
    exchanged[at + 2] = pixels[at]!;
  }
  return exchanged;
}

function yuv420p(rgb: Uint8Array, width: number, height: number): Planes {
  const across = (width + 1) >> 1;
  const down = (height + 1) >> 1;
  const sizes = [width * height, across * down, across * down];
  const data = new Uint8Array(sizes[0]! + 2 * across * down);
  for (let pixel = 0, at = 0; pixel < sizes[0]!; pixel++, at += 3) {
    data[pixel] = ((66 * rgb[at]! + 129 * rgb[at + 1]! + 25 * rgb[at + 2]! + 128) >> 8) + 16;
  }
  let u = sizes[0]!;
  let v = u + sizes[1]!;
  for (let y = 0; y < height; y += 2) {
    const row = 3 * width * y;
    const below = y + 1 < height ? row + 3 * width : row;
    for (let x = 0; x < width; x += 2) {
      const left = 3 * x;
      const right = x + 1 < width ? left + 3 : left;
      const [a, b, c, d] = [row + left, row + right, below + left, below + right];
      const red = rgb[a]! + rgb[b]! + rgb[c]! + rgb[d]!;
      const green = rgb[a + 1]! + rgb[b + 1]! + rgb[c + 1]! + rgb[d + 1]!;
      const blue = rgb[a + 2]! + rgb[b + 2]! + rgb[c + 2]! + rgb[d + 2]!;
      data[u++] = ((-38 * red - 74 * green + 112 * blue + 512) >> 10) + 128;
      data[v++] = ((112 * red - 94 * green - 18 * blue + 512) >> 10) + 128;
    }
  }
  return { data, sizes, lineSizes: [width, across, across] };
}

/** Pixels in memory: row-major, 8 bits a channel, channels side by side, no padding between rows. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB and a byte that is ignored. */
  readonly channels: 1 | 3 | 4;
}

/** @throws {ThingError} `BAD_SHAPE` unless the data has `width * height * channels` bytes, and at least one. */
export function requireWhole({ data, width, height, channels }: RawImage): void {
  const bytes = width * height * channels;
  if (data.length === bytes && bytes > 0) return;
  throw new ThingError(
    "BAD_SHAPE",
    `An image of ${width} x ${height} pixels with ${channels} channels needs ${bytes} bytes and at least one, but has ${data.length}.`,
  );
}
