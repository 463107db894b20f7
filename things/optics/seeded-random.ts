/** Numbers from 0 to 1 (excluded), the same ones for the same seed. */
export type Random = () => number;

/** A generator of 32 bits of state (mulberry32): good enough for pictures, useless for secrets. */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bd1e995;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

/** A number from `low` to `high`, all equally likely. */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** A number of the normal distribution with mean 0 and standard deviation 1. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
