import type { Rgb } from "../pictures/rgb.ts";
import { blankRgb } from "../pictures/rgb.ts";
import { blurred } from "./blur.ts";
import { wrap } from "./periodic-noise.ts";

/** Each about twice as blurred as the one before: in between, two are mixed. */
const SIGMAS_PX = [0, 0.7, 1.4, 2.8, 5.6, 11.2, 22.4, 44.8] as const;

/** The slide at each degree of blur. */
export async function blurLevels(slide: Rgb): Promise<Rgb[]> {
  const levels: Rgb[] = [];
  for (const sigmaPx of SIGMAS_PX) levels.push(await blurred(slide, sigmaPx));
  return levels;
}

/** One slide at several degrees of blur, ready to be looked at through a smaller window, which wraps. */
export class FocusStack {
  readonly #levels: readonly Rgb[];
  readonly #window: Rgb;
  readonly #blurrier: Rgb;
  #shown = "";

  /**
   * @param levels - What `blurLevels` made; several stacks may share them.
   * @param width - Of the window, pixels; a multiple of 4, as its rows are mixed by 32-bit words.
   */
  constructor(levels: readonly Rgb[], width: number, height: number) {
    this.#levels = levels;
    this.#window = blankRgb(width, height);
    this.#blurrier = blankRgb(width, height);
  }

  /**
   * What the window shows with its left upper corner at (x, y), pixels of the slide.
   *
   * @param sigmaPx - The blur, 0 or more; beyond 44.8 it stays the same.
   * @returns Memory that the next call writes to again: only read it.
   */
  look(x: number, y: number, sigmaPx: number): Rgb {
    const { level, share } = mixOf(sigmaPx);
    const shown = [Math.round(x), Math.round(y), level, share].join();
    if (shown === this.#shown) return this.#window; // nothing has moved
    this.#shown = shown;
    crop(this.#levels[level]!, this.#window, x, y);
    if (share > 0) {
      crop(this.#levels[level + 1]!, this.#blurrier, x, y);
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

function crop(from: Rgb, to: Rgb, x: number, y: number): void {
  const left = wrap(Math.round(x), from.width);
  const top = wrap(Math.round(y), from.height);
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
