import assert from "node:assert/strict";
import { test } from "node:test";
import { onceMore } from "../../../src/sources/v4l2/once-more.ts";

test("calls while it runs have it run once more, and one that failed keeps none from it", async () => {
  const ends: (() => void)[] = [];
  const call = onceMore(() => new Promise((_, reject) => ends.push(reject)));
  for (let n = 0; n < 3; n++) call();
  assert.equal(ends.length, 1);
  ends[0]?.();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  ends[1]?.();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  call();
  assert.equal(ends.length, 3);
});
