import { decodeLuma } from "thingscope/frames";
import { type Spectrum, transform } from "./fourier.ts";

/** How far a picture has moved from another one. */
export interface PictureShift {
  /** To the right and down, pixels of the whole picture. */
  readonly x: number;
  readonly y: number;
  /** How clearly: height of the peak over the mean of its surroundings, in standard deviations. Under 12, it may be chance. */
  readonly clarity: number;
}

/** A picture made ready for comparison with others of its size. */
export interface Comparable {
  readonly width: number;
  readonly height: number;
  /** Picture pixels per compared pixel. */
  readonly scale: number;
  readonly spectrum: Spectrum;
}

const SIDE = 256;
/** Detail finer than this is noise, standard deviation of the Gaussian in compared pixels. */
const BLUR = 1.2;

/**
 * The middle of a picture, in grey.
 * @throws {ThingError} `BAD_FRAME` when it cannot be decoded.
 */
export async function comparable(
  jpeg: Uint8Array,
  { width, height }: { width: number; height: number },
): Promise<Comparable> {
  const shorter = Math.min(width, height);
  const wanted = Math.round(width * Math.min(1, (SIDE * 1.1) / shorter));
  const grey = await decodeLuma(jpeg, { width: wanted });
  const spectrum = windowed(grey);
  transform(spectrum);
  return { width, height, scale: width / grey.width, spectrum };
}

/**
 * How far `after` has moved from `before`, by phase correlation: for moves of up to a third of the picture's shorter side.
 * @see Kuglin and Hines, "The phase correlation image alignment method", 1975.
 */
export function shiftBetween(before: Comparable, after: Comparable): PictureShift {
  const correlation = phaseCorrelation(before.spectrum, after.spectrum);
  const { re } = correlation;
  let top = 0;
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < re.length; at++) {
    if (re[at]! > re[top]!) top = at;
    sum += re[at]!;
    squares += re[at]! ** 2;
  }
  const mean = sum / re.length;
  const deviation = Math.sqrt(Math.max(0, squares / re.length - mean ** 2));
  const clarity = deviation > 0 ? (re[top]! - mean) / deviation : 0;
  const { x, y } = summit(re, top);
  return { x: x * before.scale, y: y * before.scale, clarity };
}

/** The middle square of a picture, fading out towards its edges, less its mean. Smaller pictures lie on grey. */
function windowed({
  data,
  width,
  height,
}: {
  data: Uint8Array;
  width: number;
  height: number;
}): Spectrum {
  const re = new Float64Array(SIDE * SIDE);
  const [columns, rows] = [Math.min(SIDE, width), Math.min(SIDE, height)];
  const left = (width - columns) >> 1;
  const top = (height - rows) >> 1;
  let sum = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      sum += data[(top + row) * width + left + column]!;
  const mean = sum / (rows * columns);
  for (let row = 0; row < rows; row++) {
    const fade = hann(row, rows);
    for (let column = 0; column < columns; column++) {
      const value = data[(top + row) * width + left + column]! - mean;
      re[row * SIDE + column] = value * fade * hann(column, columns);
    }
  }
  return { side: SIDE, re, im: new Float64Array(SIDE * SIDE) };
}

function hann(n: number, length: number): number {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / length);
}

function phaseCorrelation(before: Spectrum, after: Spectrum): Spectrum {
  const re = new Float64Array(SIDE * SIDE);
  const im = new Float64Array(SIDE * SIDE);
  const weight = Float64Array.from({ length: SIDE }, (_, n) => {
    const frequency = (2 * Math.PI * Math.min(n, SIDE - n)) / SIDE;
    return Math.exp(-0.5 * (frequency * BLUR) ** 2);
  });
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = row * SIDE + column;
      const real = after.re[at]! * before.re[at]! + after.im[at]! * before.im[at]!;
      const imaginary = after.im[at]! * before.re[at]! - after.re[at]! * before.im[at]!;
      const length = Math.hypot(real, imaginary);
      if (length === 0) continue;
      const share = (weight[row]! * weight[column]!) / length;
      re[at] = real * share;
      im[at] = imaginary * share;
    }
  }
  const result = { side: SIDE, re, im };
  transform(result, true);
  return result;
}

/** The top between pixels: of the Gaussian through a pixel and its neighbours on each axis. */
function summit(values: Float64Array, top: number): { x: number; y: number } {
  const row = Math.floor(top / SIDE);
  const column = top % SIDE;
  const at = (y: number, x: number) =>
    values[((y + SIDE) % SIDE) * SIDE + ((x + SIDE) % SIDE)] as number;
  const x = column + vertex(at(row, column - 1), values[top]!, at(row, column + 1));
  const y = row + vertex(at(row - 1, column), values[top]!, at(row + 1, column));
  return { x: centred(x), y: centred(y) };
}

function vertex(before: number, top: number, after: number): number {
  if (before <= 0 || after <= 0) return 0;
  const [a, b, c] = [Math.log(before), Math.log(top), Math.log(after)];
  const bend = a - 2 * b + c;
  return bend === 0 ? 0 : (a - c) / (2 * bend);
}

function centred(shift: number): number {
  return shift > SIDE / 2 ? shift - SIDE : shift;
}
