import type { Rgb } from "../pictures/rgb.ts";
import { blankRgb } from "../pictures/rgb.ts";
import { wrap } from "./periodic-noise.ts";

/** How much of two dyes lies at each pixel of a slide: haematoxylin (violet nuclei) and eosin (pink). */
export class Pigment {
  readonly width: number;
  readonly height: number;
  readonly haematoxylin: Float32Array;
  readonly eosin: Float32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.haematoxylin = new Float32Array(width * height);
    this.eosin = new Float32Array(width * height);
  }

  /** Calls `paint` for every pixel of a box about (x, y), wrapped at the edges of the slide. */
  stamp(
    x: number,
    y: number,
    radiusPx: number,
    paint: (pixel: number, dx: number, dy: number) => void,
  ): void {
    const top = Math.floor(y - radiusPx);
    const left = Math.floor(x - radiusPx);
    const size = Math.ceil(2 * radiusPx) + 1;
    for (let row = top; row < top + size; row++) {
      const start = wrap(row, this.height) * this.width;
      for (let column = left; column < left + size; column++) {
        paint(start + wrap(column, this.width), column - x, row - y);
      }
    }
  }

  /**
   * The light that comes through, every byte between `darkest` and `brightest`.
   *
   * Beer and Lambert: each dye takes the same share of the light from every layer. The colours are the
   * absorption vectors of Ruifrok and Johnston (2001).
   */
  toRgb(darkest: number, brightest: number): Rgb {
    const picture = blankRgb(this.width, this.height);
    const rgb = picture.data;
    const range = brightest - darkest;
    for (let pixel = 0; pixel < this.eosin.length; pixel++) {
      const h = this.haematoxylin[pixel]!;
      const e = this.eosin[pixel]!;
      rgb[pixel * 3] = darkest + range * Math.exp(-0.65 * h - 0.07 * e);
      rgb[pixel * 3 + 1] = darkest + range * Math.exp(-0.7 * h - 0.99 * e) * 0.99;
      rgb[pixel * 3 + 2] = darkest + range * Math.exp(-0.29 * h - 0.28 * e) * 0.98;
    }
    return picture;
  }
}
