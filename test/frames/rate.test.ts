import assert from "node:assert/strict";
import { test } from "node:test";
import { RateMeter } from "../../src/frames/rate.ts";

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} instead of ${expected}`);
}

test("a steady stream's rate is exact, from its first second on", () => {
  for (const rate of [2, 7.5, 29.97, 120, 5000]) {
    const meter = new RateMeter();
    const interval = 1000 / rate;
    for (let n = 0; n * interval < 3000; n++) {
      meter.tick(n * interval);
      const enough = n * interval > 200 && n > 1;
      if (enough) near(meter.hz(n * interval + interval / 2), rate, rate * 1e-6);
    }
  }
});

test("the rate falls at once when frames stay away and is 0 after a second", () => {
  const meter = new RateMeter();
  for (let n = 0; n <= 60; n++) meter.tick(n * 33);
  const stopped = 60 * 33;
  let before = meter.hz(stopped);
  near(before, 1000 / 33, 0.1);
  for (let silent = 100; silent <= 900; silent += 100) {
    const hz = meter.hz(stopped + silent);
    assert.ok(hz < before, `${hz} after ${silent} ms, ${before} before`);
    before = hz;
  }
  assert.equal(meter.hz(stopped + 1000), 0);
});

test("no tick is 0, one is 1, a burst is no infinity", () => {
  const meter = new RateMeter();
  assert.equal(meter.hz(0), 0);
  meter.tick(5);
  assert.equal(meter.hz(6), 1);
  for (let n = 0; n < 9; n++) meter.tick(5);
  assert.equal(meter.hz(5), 90);
  meter.reset();
  assert.equal(meter.hz(6), 0);
});
