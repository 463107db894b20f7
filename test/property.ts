import fc from "fast-check";
import { SEED } from "./seed.ts";

fc.configureGlobal({ seed: SEED });

/** fast-check, whose random values begin at the run's seed. */
export { fc };

/** @returns `count`, or fifty times as many with `THINGSCOPE_LONG=1`. */
export function runs(count: number): number {
  return process.env.THINGSCOPE_LONG ? 50 * count : count;
}
