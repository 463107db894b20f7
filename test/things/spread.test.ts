import assert from "node:assert/strict";
import { test } from "node:test";
import { spreadOf } from "../../things/recorder/spread.ts";

const times = (...ms: number[]) => Float64Array.from(ms);

test("a set is a frame of the recording with the fewest and the nearest of each other, while all record", () => {
  const slow = times(0, 100, 200, 300, 400);
  const quick = times(95, 128, 161, 194, 227, 260, 293, 326);
  const late = times(104, 203, 299, 390);
  assert.deepEqual(spreadOf([slow, quick, late]), {
    ...{ sets: 3, medianMs: 9, p95Ms: 9, worstMs: 9 }, // 95 to 104, 194 to 203 and 293 to 300; 390 is after the end of one
  });
});

test("recordings that never record at the same time, and a single one, have no spread", () => {
  assert.equal(spreadOf([times(0, 10, 20), times(30, 40)]), undefined);
  assert.equal(spreadOf([times(0, 10, 20), times()]), undefined);
});

test("a frame that one recording lacks is seen in the worst set alone", () => {
  const all = times(...Array.from({ length: 100 }, (_, n) => n * 10));
  const lacking = all.filter((_, n) => n !== 50 && n !== 51 && n !== 52);
  const shifted = all.map((time) => time + 1);
  const spread = spreadOf([lacking, shifted, all])!;
  assert.deepEqual([spread.medianMs, spread.p95Ms, spread.worstMs], [1, 1, 1]);
  const other = all.filter((_, n) => n < 20 || n > 23);
  assert.equal(spreadOf([lacking, other])!.worstMs, 20);
});
