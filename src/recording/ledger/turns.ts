import { setImmediate } from "node:timers/promises";

/** Steps in one turn of the event loop, some 5 ms. */
const STEPS_AT_ONCE = 20_000;
const SORTED_AT_ONCE = 1 << 16;

/** Does something for each number from 0 on, and lets others have the event loop in between. */
export async function inTurns(count: number, step: (n: number) => void): Promise<void> {
  for (let n = 0; n < count; n++) {
    step(n);
    if (n % STEPS_AT_ONCE === STEPS_AT_ONCE - 1) await setImmediate();
  }
}

/** Numbers in ascending order: sorted in pieces, which are then merged two by two. */
export async function sortedInTurns(values: Float64Array): Promise<Float64Array> {
  let from = values.slice();
  for (let at = 0; at < from.length; at += SORTED_AT_ONCE) {
    from.subarray(at, at + SORTED_AT_ONCE).sort();
    await setImmediate();
  }
  let to = new Float64Array(from.length);
  for (let width = SORTED_AT_ONCE; width < from.length; width *= 2) {
    await mergePairs(from, to, width);
    [from, to] = [to, from];
  }
  return from;
}

async function mergePairs(from: Float64Array, to: Float64Array, width: number): Promise<void> {
  let [left, right, leftEnd, rightEnd] = [0, 0, 0, 0];
  await inTurns(from.length, (n) => {
    if (left === leftEnd && right === rightEnd) {
      left = n;
      leftEnd = Math.min(n + width, from.length);
      right = leftEnd;
      rightEnd = Math.min(leftEnd + width, from.length);
    }
    const isLeft = right === rightEnd || (left < leftEnd && from[left]! <= from[right]!);
    to[n] = isLeft ? from[left++]! : from[right++]!;
  });
}
