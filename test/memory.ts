import { WAIT_MS } from "./limits.ts";

/**
 * Bytes that are held: the heap and what Node allocates beside it, after garbage has been collected. The memory of the
 * process would count garbage too, and what the allocator keeps.
 */
export async function memoryHeld(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    if (!globalThis.gc) throw new Error("Run the tests with npm test: it needs --expose-gc.");
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The bytes held once they are below `limit`, or after `WAIT_MS`: what a request has used may be collected a little later. */
export async function memoryHeldWithin(limit: number): Promise<number> {
  const until = performance.now() + WAIT_MS;
  let held = await memoryHeld();
  while (held > limit && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    held = await memoryHeld();
  }
  return held;
}

/** The bytes held once they fall no more, for half a second, or after `WAIT_MS`: what others are compared with. */
export async function memorySettled(): Promise<number> {
  const until = performance.now() + WAIT_MS;
  let least = await memoryHeld();
  for (let since = performance.now(); performance.now() < Math.min(until, since + 500); ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const held = await memoryHeld();
    if (held < least - 2 ** 16) since = performance.now();
    least = Math.min(least, held);
  }
  return least;
}
