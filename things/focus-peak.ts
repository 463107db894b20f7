/** The top of a curve. */
export interface Peak {
  /** Where the top of a parabola through the sharpest sample and its neighbours lies. */
  readonly z: number;
  /** Where the sharpest sample lies; of several, the first. */
  readonly sampleZ: number;
  /** Whether the samples about it, or it and the end of the sweep, are much further apart than usual: some are missing. */
  readonly hasGap: boolean;
}

/**
 * Where a focus curve is highest. Samples lie an interval apart, and focus somewhere in between.
 *
 * @param heights - z of each sample, rising or falling.
 * @param sizes - Sharpness of each sample.
 * @param ends - From where to where the sweep went.
 */
export function peakOf(
  heights: readonly number[],
  sizes: readonly number[],
  ends: readonly [from: number, to: number] = [heights[0]!, heights.at(-1)!],
): Peak {
  const top = sizes.indexOf(sizes.reduce((largest, size) => Math.max(largest, size)));
  const sampleZ = heights[top]!;
  const most = 2.5 * usualSpacing(heights);
  if (top === 0 || top === sizes.length - 1) {
    const hasGap = Math.abs(sampleZ - ends[top === 0 ? 0 : 1]) > most;
    return { z: sampleZ, sampleZ, hasGap };
  }
  const left = heights[top - 1]! - sampleZ;
  const right = heights[top + 1]! - sampleZ;
  const fallLeft = sizes[top]! - sizes[top - 1]!;
  const fallRight = sizes[top]! - sizes[top + 1]!;
  // The vertex of the parabola through (left, -fallLeft), (0, 0) and (right, -fallRight).
  const slope = fallRight * left ** 2 - fallLeft * right ** 2;
  const bend = fallRight * left - fallLeft * right;
  return {
    z: bend === 0 ? sampleZ : sampleZ + slope / (2 * bend),
    sampleZ,
    hasGap: Math.max(Math.abs(left), Math.abs(right)) > most,
  };
}

/** The median, which a few gaps do not move. */
function usualSpacing(heights: readonly number[]): number {
  const spacings = heights.slice(1).map((height, n) => Math.abs(height - heights[n]!));
  return spacings.sort((a, b) => a - b)[spacings.length >> 1]!;
}
