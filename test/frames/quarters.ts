import sharp, { type JpegOptions } from "sharp";
import { decodeRgb, resizeJpeg } from "../../src/frames/codec/codec.ts";
import type { Plane } from "./jpeg-encoder.ts";

export const WIDTH = 128;

export const HEIGHT = 64;

export type Rgb = readonly [number, number, number];

export const QUARTERS: readonly [Rgb, Rgb, Rgb, Rgb] = [
  [200, 40, 40],
  [40, 180, 40],
  [40, 40, 200],
  [210, 200, 60],
];

/** The four quarters, red and green above, blue and yellow below. */
export async function coded(options: JpegOptions = {}): Promise<Uint8Array> {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const [x, y] = [(pixel % WIDTH) / WIDTH, Math.floor(pixel / WIDTH) / HEIGHT];
    data.set(quarterAt(x, y), 3 * pixel);
  }
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  const encoder = sharp(data, { raw }).jpeg({ quality: 90, optimiseCoding: false, ...options });
  return new Uint8Array(await encoder.toBuffer());
}

/** The colours in the middle of a picture's quarters, in the order of `QUARTERS`. */
export async function cornersOf(jpeg: Uint8Array): Promise<Rgb[]> {
  const { data, width, height } = await decodeRgb(await resizeJpeg(jpeg, { quality: 95 })); // damaged ones, too
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => {
      const at = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
      return [data[at]!, data[at + 1]!, data[at + 2]!] as const;
    }),
  );
}

export function quarterAt(x: number, y: number): Rgb {
  return QUARTERS[(x < 0.5 ? 0 : 1) + (y < 0.5 ? 0 : 2)]!;
}

export const NOISE = Uint8Array.from({ length: 608 }, (_, n) => (n * 73 + 11) % 251); // no FF among them

export function colourPlanes(
  across: number,
  down: number,
  colourAcross = 1,
  colourDown = 1,
): Plane[] {
  const of = (weights: readonly number[], offset: number) => (x: number, y: number) => {
    const rgb = quarterAt(x, y);
    return offset + weights.reduce((sum, weight, n) => sum + weight * rgb[n]!, 0);
  };
  const colour = { across: colourAcross, down: colourDown };
  return [
    { across, down, valueAt: of([0.299, 0.587, 0.114], 0) },
    { ...colour, valueAt: of([-0.168736, -0.331264, 0.5], 128) },
    { ...colour, valueAt: of([0.5, -0.418688, -0.081312], 128) },
  ];
}

export const greyPlane = (across: number, down: number): Plane => ({
  ...colourPlanes(across, down)[0]!,
});
