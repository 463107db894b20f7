import { ThingError } from "../../base/errors.ts";

/**
 * How sharp an image is, as a number without unit that is largest in focus.
 *
 * All measures here depend on contrast and brightness as well: compare images of one scene, one size and one
 * exposure only.
 *
 * @param luma - Brightness, row-major, one byte a pixel, 0 black to 255 white, `width * height` long.
 * @throws {ThingError} `BAD_SHAPE` when `luma` has another length, or a side has under 3 pixels.
 */
export type FocusMeasure = (luma: Uint8Array, width: number, height: number) => number;

/**
 * The variance of the Laplacian (kernel 0 1 0, 1 -4 1, 0 1 0): answers to fine detail, and to noise. 0 when flat.
 *
 * @see Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000.
 */
export const laplacianVariance: FocusMeasure = (luma, width, height) => {
  checkShape(luma, width, height);
  let sum = 0;
  let squares = 0;
  for (let row = 1; row < height - 1; row++) {
    for (let at = row * width + 1; at < (row + 1) * width - 1; at++) {
      const around = luma[at - 1]! + luma[at + 1]! + luma[at - width]! + luma[at + width]!;
      const laplacian = around - 4 * luma[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const count = (width - 2) * (height - 2);
  return squares / count - (sum / count) ** 2;
};

/**
 * The mean squared length of the Sobel gradient, without a threshold: answers to edges. 0 when flat.
 *
 * @see Tenenbaum, "Accommodation in computer vision", 1970; Krotkov, "Focusing", Int. J. Computer Vision 1988.
 */
export const tenengrad: FocusMeasure = (luma, width, height) => {
  checkShape(luma, width, height);
  let squares = 0;
  for (let row = 1; row < height - 1; row++) {
    for (let at = row * width + 1; at < (row + 1) * width - 1; at++) {
      const above = at - width;
      const below = at + width;
      const falling = luma[below + 1]! - luma[above - 1]!; // along one diagonal, part of both gradients
      const rising = luma[above + 1]! - luma[below - 1]!;
      const across = falling + rising + 2 * (luma[at + 1]! - luma[at - 1]!);
      const down = falling - rising + 2 * (luma[below]! - luma[above]!);
      squares += across * across + down * down;
    }
  }
  return squares / ((width - 2) * (height - 2));
};

/**
 * The mean squared difference between each pixel and the second one to its right: quick, blind to horizontal lines.
 *
 * @see Brenner et al., "An automated microscope for cytologic research", J. Histochemistry and Cytochemistry 1976.
 */
export const brenner: FocusMeasure = (luma, width, height) => {
  checkShape(luma, width, height);
  let squares = 0;
  for (let row = 0; row < height; row++) {
    for (let at = row * width; at < (row + 1) * width - 2; at++) {
      const difference = luma[at + 2]! - luma[at]!;
      squares += difference * difference;
    }
  }
  return squares / ((width - 2) * height);
};

/**
 * The variance of the brightness over its mean: smooth and broad, so good far from focus. 0 when flat or black.
 *
 * @see Groen, Young and Ligthart, "A comparison of different focus functions for use in autofocus algorithms",
 * Cytometry 1985.
 */
export const normalisedVariance: FocusMeasure = (luma, width, height) => {
  checkShape(luma, width, height);
  const pixels = new Float64Array(256); // of each brightness: the loop over the image only counts
  for (let at = 0; at < luma.length; at++) pixels[luma[at]!]!++;
  const sum = pixels.reduce((total, count, brightness) => total + count * brightness, 0);
  const squares = pixels.reduce((total, count, brightness) => total + count * brightness ** 2, 0);
  const mean = sum / luma.length;
  return mean === 0 ? 0 : (squares / luma.length - mean * mean) / mean;
};

/** The focus measures by the names that settings and inputs use. */
export const FOCUS_MEASURES = {
  brenner,
  laplacianVariance,
  normalisedVariance,
  tenengrad,
} satisfies Record<string, FocusMeasure>;

function checkShape(luma: Uint8Array, width: number, height: number): void {
  if (width >= 3 && height >= 3 && luma.length === width * height) return;
  throw new ThingError(
    "BAD_SHAPE",
    `An image of ${width} x ${height} pixels cannot be measured with ${luma.length} bytes of brightness: ` +
      `it needs one byte a pixel and 3 pixels a side.`,
  );
}
