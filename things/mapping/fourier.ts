/** A complex square picture, row by row. */
export interface Spectrum {
  readonly side: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The discrete Fourier transform of a square whose side is a power of two, in place; `inverse` gives the square back, not scaled. */
export function transform({ side, re, im }: Spectrum, inverse = false): void {
  const turn = twiddles(side, inverse);
  for (let row = 0; row < side; row++) transformLine(re, im, row * side, 1, turn);
  for (let column = 0; column < side; column++) transformLine(re, im, column, side, turn);
}

interface Twiddles {
  readonly side: number;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

function twiddles(side: number, inverse: boolean): Twiddles {
  const sign = inverse ? 1 : -1;
  const angle = (n: number) => (sign * 2 * Math.PI * n) / side;
  return {
    side,
    cos: Float64Array.from({ length: side / 2 }, (_, n) => Math.cos(angle(n))),
    sin: Float64Array.from({ length: side / 2 }, (_, n) => Math.sin(angle(n))),
  };
}

/** Cooley and Tukey's, radix 2, of every `stride`-th value from `start`. */
function transformLine(
  re: Float64Array,
  im: Float64Array,
  start: number,
  stride: number,
  { side, cos, sin }: Twiddles,
): void {
  reorder(re, im, start, stride, side);
  for (let size = 2; size <= side; size *= 2) {
    const half = size / 2;
    const step = side / size;
    for (let block = 0; block < side; block += size) {
      for (let n = 0; n < half; n++) {
        const a = start + (block + n) * stride;
        const b = a + half * stride;
        const c = cos[n * step]!;
        const s = sin[n * step]!;
        const x = re[b]! * c - im[b]! * s;
        const y = re[b]! * s + im[b]! * c;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
    }
  }
}

/** Each value goes to the place whose binary digits are reversed. */
function reorder(
  re: Float64Array,
  im: Float64Array,
  start: number,
  stride: number,
  side: number,
): void {
  for (let n = 1, reversed = 0; n < side; n++) {
    let bit = side >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (n >= reversed) continue;
    const a = start + n * stride;
    const b = start + reversed * stride;
    [re[a], re[b]] = [re[b]!, re[a]!];
    [im[a], im[b]] = [im[b]!, im[a]!];
  }
}
