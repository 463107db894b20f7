/** The top of a curve. */
export interface Peak {
  /** Where the top of a parabola through the sharpest sample and its neighbours lies. */
  readonly z: number;
  /** Where the sharpest sample lies; of several, the first. */
  readonly sampleZ: number;
}

/**
 * Where a focus curve is highest. Samples lie an interval apart, and focus somewhere in between.
 *
 * @param heights - z of each sample, rising or falling.
 * @param sizes - Sharpness of each sample.
 */
export function peakOf(heights: readonly number[], sizes: readonly number[]): Peak {
  const top = sizes.indexOf(sizes.reduce((largest, size) => Math.max(largest, size)));
  const sampleZ = heights[top]!;
  if (top === 0 || top === sizes.length - 1) return { z: sampleZ, sampleZ };
  const left = heights[top - 1]! - sampleZ;
  const right = heights[top + 1]! - sampleZ;
  const fallLeft = sizes[top]! - sizes[top - 1]!;
  const fallRight = sizes[top]! - sizes[top + 1]!;
  // The vertex of the parabola through (left, -fallLeft), (0, 0) and (right, -fallRight).
  const slope = fallRight * left ** 2 - fallLeft * right ** 2;
  const bend = fallRight * left - fallLeft * right;
  return { z: bend === 0 ? sampleZ : sampleZ + slope / (2 * bend), sampleZ };
}
