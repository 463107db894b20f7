import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameNumbers } from "../../../src/adapters/pystreaming/frame-numbers.ts";
import { fc } from "../../property.ts";

/** Frames that come, each with the time at which it was sent: its number, unless said otherwise. */
function after(...frames: readonly (number | [fno: number, ftime: number])[]) {
  const numbers = new FrameNumbers();
  const taken = frames.map((frame) =>
    typeof frame === "number" ? numbers.add(frame, frame) : numbers.add(...frame),
  );
  return { ...numbers.counts, run: numbers.run, taken };
}

test("numbers that do not come are missing until they do; what comes twice is refused", () => {
  assert.deepEqual(after(4, 7, 5, 5, 9), {
    ...{ missing: 2, duplicates: 1, run: 1, taken: [true, true, true, false, true] },
  });
  assert.equal(after(4, 7, 5, 6).missing, 0);
  assert.equal(after(4, 7, 5, 6, 3).missing, 0, "one before the first that came");
});

test("a stream that begins anew, however soon, is a new run whose frames are all taken", () => {
  const { missing, duplicates, run, taken } = after(0, 1, 3, [0, 10], [1, 11], [2, 12]);
  assert.deepEqual({ missing, duplicates, run }, { missing: 1, duplicates: 0, run: 2 });
  assert.ok(taken.every(Boolean));
});

test("a late frame of the run before is taken, and missed by nobody", () => {
  const { missing, run, taken } = after(0, 500, [0, 1000], [1, 1001], [499, 499], [2, 1002]);
  assert.deepEqual({ missing, run }, { missing: 499, run: 2 });
  assert.ok(taken.every(Boolean));
});

test("in any order, with any losses: what is missing is what was lost, and nothing is taken twice", () => {
  const stream = fc.uniqueArray(fc.nat(900), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(stream, fc.nat(), (fnos, again) => {
      const { missing, duplicates, taken } = after(...fnos, fnos[again % fnos.length]!);
      assert.equal(missing, Math.max(...fnos) - Math.min(...fnos) + 1 - fnos.length);
      assert.equal(duplicates, 1);
      assert.equal(taken.filter(Boolean).length, fnos.length);
    }),
  );
});
