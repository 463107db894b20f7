import type { RawImage } from "./pixel-formats.ts";

/** A picture of four bytes a pixel, which can be read as one 32-bit word a pixel. */
export interface Rgba extends RawImage {
  readonly channels: 4;
}

/** The picture with a fourth byte a pixel, which says nothing. Grey becomes red, green and blue. */
export function toRgba({ data, width, height, channels }: RawImage): Rgba {
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgba[pixel * 4 + channel] = data[pixel * channels + Math.min(channel, channels - 1)]!;
    }
  }
  return { data: rgba, width, height, channels: 4 };
}

// Squares keep what is read together in the processor's cache, whatever the angle.
const TILE_PX = 64;
// Places are counted in 1/65536 of a pixel, which an integer holds for pictures of up to 16,000 pixels across.
const ONE = 2 ** 16;

/**
 * Writes `from`, turned about its middle, into `to`, which has the same size. What was outside is black.
 *
 * @param degrees - Clockwise.
 */
export function turn(from: Rgba, to: Rgba, degrees: number): void {
  const source = words(from);
  const target = words(to);
  const cos = (Math.cos((degrees * Math.PI) / 180) * ONE) | 0; // an integer for the machine too: twice as fast
  const sin = (Math.sin((degrees * Math.PI) / 180) * ONE) | 0;
  for (let top = 0; top < from.height; top += TILE_PX) {
    for (let left = 0; left < from.width; left += TILE_PX) {
      turnTile(source, target, { ...from, cos, sin, left, top });
    }
  }
}

function turnTile(
  source: Int32Array,
  target: Int32Array,
  tile: { width: number; height: number; cos: number; sin: number; left: number; top: number },
): void {
  const { width, height, cos, sin, left, top } = tile;
  const right = Math.min(width, left + TILE_PX);
  const bottom = Math.min(height, top + TILE_PX);
  const across = left + 0.5 - width / 2;
  for (let row = top; row < bottom; row++) {
    const down = row + 0.5 - height / 2;
    let x = Math.round(across * cos + down * sin + (width / 2) * ONE) | 0;
    let y = Math.round(down * cos - across * sin + (height / 2) * ONE) | 0;
    for (let at = row * width + left; at < row * width + right; at++) {
      const column = x >> 16;
      const line = y >> 16;
      // As an unsigned number, what is negative is too large as well.
      const inside = column >>> 0 < width && line >>> 0 < height;
      target[at] = inside ? source[(Math.imul(line, width) + column) | 0]! : 0;
      x = (x + cos) | 0;
      y = (y - sin) | 0;
    }
  }
}

function words({ data }: Rgba): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
}
