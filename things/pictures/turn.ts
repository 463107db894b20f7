import type { RawImage } from "thingscope";

/** A picture of four bytes a pixel, which can be read as one 32-bit word a pixel. */
export interface Rgba extends RawImage {
  readonly channels: 4;
}

export function toRgba({ data, width, height, channels }: RawImage): Rgba {
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgba[pixel * 4 + channel] = data[pixel * channels + Math.min(channel, channels - 1)]!;
    }
  }
  return { data: rgba, width, height, channels: 4 };
}

/**
 * Writes `from`, turned about its middle, into `to`, which has the same size. What was outside is black.
 *
 * @param degrees - Clockwise.
 */
export function turn(from: Rgba, to: Rgba, degrees: number): void {
  const { width, height } = from;
  const source = words(from);
  const target = words(to);
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  for (let row = 0, at = 0; row < height; row++) {
    // The nearest pixel of the source, half a pixel added so that cutting off the fraction rounds.
    let x = (row - height / 2) * sin - (width / 2) * cos + width / 2 + 0.5;
    let y = (row - height / 2) * cos + (width / 2) * sin + height / 2 + 0.5;
    for (let column = 0; column < width; column++, at++, x += cos, y -= sin) {
      const inside = x >= 0 && x < width && y >= 0 && y < height;
      target[at] = inside ? source[(y | 0) * width + (x | 0)]! : 0;
    }
  }
}

function words({ data }: Rgba): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
}
