import type { Rgb } from "../pictures/rgb.ts";
import { blankRgb } from "../pictures/rgb.ts";
import { wrap } from "./periodic-noise.ts";
import { type Layer, SIGMAS_PX, type Slide } from "./slide.ts";

/** One slide at any degree of blur, looked at through a smaller window, which wraps. */
export class FocusStack {
  readonly #slide: Slide;
  readonly #window: Rgb;
  readonly #blurrier: Rgb;
  #shown = "";

  /**
   * @param slide - Several stacks may share one.
   * @param width - Of the window, pixels; a multiple of 4, as its rows are mixed by 32-bit words.
   */
  constructor(slide: Slide, width: number, height: number) {
    this.#slide = slide;
    this.#window = blankRgb(width, height);
    this.#blurrier = blankRgb(width, height);
  }

  /**
   * What the window shows with its left upper corner at (x, y), pixels of the slide.
   *
   * @param sigmaPx - The blur, 0 or more; beyond 44.8 it stays the same.
   * @returns Memory that the next call writes to again: only read it.
   */
  async look(x: number, y: number, sigmaPx: number): Promise<Rgb> {
    const { level, share } = mixOf(sigmaPx);
    const [left, top] = [Math.round(x), Math.round(y)];
    const shown = [left, top, level, share].join();
    if (shown === this.#shown) return this.#window; // nothing has moved
    const { width, height } = this.#window;
    const levels = share > 0 ? [level, level + 1] : [level];
    const [layer, next] = await this.#slide.layers(levels, { left, top, width, height });
    this.#shown = shown;
    crop(layer!, this.#window, left, top);
    if (next) {
      crop(next, this.#blurrier, left, top);
      mix(this.#window, this.#blurrier, share);
    }
    return this.#window;
  }
}

/** Which two levels, and how much (of 256) of the second: so that the variance of the blur is right. */
function mixOf(sigmaPx: number): { level: number; share: number } {
  const last = SIGMAS_PX.length - 1;
  if (sigmaPx >= SIGMAS_PX[last]!) return { level: last, share: 0 };
  const level = SIGMAS_PX.findLastIndex((sigma) => sigma <= sigmaPx);
  const below = SIGMAS_PX[level]! ** 2;
  const above = SIGMAS_PX[level + 1]! ** 2;
  return { level, share: Math.round((256 * (sigmaPx ** 2 - below)) / (above - below)) };
}

function crop({ picture: from, ...corner }: Layer, to: Rgb, x: number, y: number): void {
  const left = wrap(x - corner.left, from.width);
  const top = wrap(y - corner.top, from.height);
  const fits = Math.min(to.width, from.width - left);
  for (let row = 0; row < to.height; row++) {
    const start = wrap(top + row, from.height) * from.width;
    const place = row * to.width * 3;
    to.data.set(from.data.subarray((start + left) * 3, (start + left + fits) * 3), place);
    if (fits < to.width) {
      const rest = from.data.subarray(start * 3, (start + to.width - fits) * 3);
      to.data.set(rest, place + fits * 3);
    }
  }
}

/** Four bytes at once: two of them in each half of the sum, with 8 bits of room above each. */
function mix(picture: Rgb, other: Rgb, share: number): void {
  const a = wordsOf(picture);
  const b = wordsOf(other);
  const keep = 256 - share;
  for (let at = 0; at < a.length; at++) {
    const p = a[at]!;
    const q = b[at]!;
    const even = Math.imul(p & 0xff00ff, keep) + Math.imul(q & 0xff00ff, share);
    const odd = Math.imul((p >>> 8) & 0xff00ff, keep) + Math.imul((q >>> 8) & 0xff00ff, share);
    a[at] = ((even >>> 8) & 0xff00ff) | (odd & 0xff00ff00);
  }
}

/** The same memory, four bytes a word. */
export function wordsOf({ data }: Rgb): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
}
