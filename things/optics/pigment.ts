import { setImmediate as nextTurn } from "node:timers/promises";
import type { Rgb } from "../pictures/rgb.ts";
import { blankRgb } from "../pictures/rgb.ts";
import { wrap } from "./periodic-noise.ts";

const ROWS_PER_TURN = 64;

/** A part of a slide, pixels. It may go on beyond an edge of the slide, where that begins anew. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How much of two dyes lies at each pixel of a slide: haematoxylin (violet nuclei) and eosin (pink). */
export class Pigment {
  readonly width: number;
  readonly height: number;
  readonly haematoxylin: Float32Array;
  readonly eosin: Float32Array;
  /** The rows and columns that are to be seen, from the left upper corner on. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly #showsRow: Uint8Array;
  readonly #showsColumn: Uint8Array;

  /** @param region - What is to be seen; the rest is not painted. The whole slide when absent. */
  constructor(width: number, height: number, region: Region = { left: 0, top: 0, width, height }) {
    this.width = width;
    this.height = height;
    this.haematoxylin = new Float32Array(width * height);
    this.eosin = new Float32Array(width * height);
    this.rows = span(region.top, region.height, height);
    this.columns = span(region.left, region.width, width);
    this.#showsRow = marked(this.rows, height);
    this.#showsColumn = marked(this.columns, width);
  }

  /** Whether a pixel is to be seen. */
  shows(x: number, y: number): boolean {
    return this.#showsRow[y] === 1 && this.#showsColumn[x] === 1;
  }

  /** Calls `paint` for every pixel of a box about (x, y) that is to be seen. */
  stamp(
    x: number,
    y: number,
    radiusPx: number,
    paint: (pixel: number, dx: number, dy: number) => void,
  ): void {
    this.visit(x, y, radiusPx, (column, row, dx, dy) => {
      if (this.shows(column, row)) paint(row * this.width + column, dx, dy);
    });
  }

  /** Calls `look` for every pixel of a box about (x, y), wrapped at the edges of the slide. */
  visit(
    x: number,
    y: number,
    radiusPx: number,
    look: (column: number, row: number, dx: number, dy: number) => void,
  ): void {
    const top = Math.floor(y - radiusPx);
    const left = Math.floor(x - radiusPx);
    const size = Math.ceil(2 * radiusPx) + 1;
    for (let row = top; row < top + size; row++) {
      const wrapped = wrap(row, this.height);
      for (let column = left; column < left + size; column++) {
        look(wrap(column, this.width), wrapped, column - x, row - y);
      }
    }
  }

  /**
   * The light that comes through what is to be seen, every byte between `darkest` and `brightest`.
   *
   * Beer and Lambert: each dye takes the same share of the light from every layer. The colours are the
   * absorption vectors of Ruifrok and Johnston (2001).
   */
  async toRgb(darkest: number, brightest: number): Promise<Rgb> {
    const picture = blankRgb(this.columns.length, this.rows.length);
    const rgb = picture.data;
    const range = brightest - darkest;
    let place = 0;
    for (const [n, row] of this.rows.entries()) {
      if (n % ROWS_PER_TURN === 0) await nextTurn();
      for (const column of this.columns) {
        const h = this.haematoxylin[row * this.width + column]!;
        const e = this.eosin[row * this.width + column]!;
        rgb[place++] = darkest + range * Math.exp(-0.65 * h - 0.07 * e);
        rgb[place++] = darkest + range * Math.exp(-0.7 * h - 0.99 * e) * 0.99;
        rgb[place++] = darkest + range * Math.exp(-0.29 * h - 0.28 * e) * 0.98;
      }
    }
    return picture;
  }
}

function span(from: number, count: number, size: number): number[] {
  return Array.from({ length: Math.min(count, size) }, (_, n) => wrap(from + n, size));
}

function marked(places: readonly number[], size: number): Uint8Array {
  const marks = new Uint8Array(size);
  for (const place of places) marks[place] = 1;
  return marks;
}
