import assert from "node:assert/strict";
import { test } from "node:test";
import { now, steadyTime, wallTime } from "../../src/base/clock.ts";
import { type ClockStep, wallClock } from "../../src/base/wall-clock.ts";
import { watchWallClock } from "../../src/server/monitoring/monitoring.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";

const HOUR_MS = 3_600_000;

test("times are told by the wall clock as it is now, and told back; now() itself never steps", () => {
  const before = now();
  for (const ahead of [2 * HOUR_MS, -5 * HOUR_MS, 0]) {
    const restore = wallClock.readFrom(() => Date.now() + ahead);
    const earliest = Date.now() + ahead;
    const told = wallTime();
    assert.ok(told > earliest - 25 && told < Date.now() + ahead + 25, `${told - earliest}`);
    assert.ok(Math.abs(wallTime(before) - before - ahead) < 50, "times from before follow");
    assert.ok(Math.abs(steadyTime(wallTime(before)) - before) < 0.001);
    assert.ok(now() >= before && now() - before < HOUR_MS);
    restore();
  }
});

test("each step is told once, with its size and direction; a watched clock is looked at though nobody asks", {
  timeout: TEST_MS,
}, async () => {
  const count = wallClock.stepCount;
  let end = () => {};
  const told = new Promise<ClockStep>((resolve) => {
    end = watchWallClock(resolve);
  });
  let ahead = 0;
  const restore = wallClock.readFrom(() => Date.now() + ahead);
  const keepAlive = setInterval(() => {}, 1000); // the watch keeps no process alive
  ahead = -HOUR_MS;
  const { at, byMs } = await told;
  clearInterval(keepAlive);
  end();
  assert.ok(Math.abs(byMs + HOUR_MS) < 500, `${byMs}`);
  assert.ok(now() - at < HOUR_MS);
  for (let n = 0; n < 5; n++) wallClock.look();
  assert.deepEqual(wallClock.stepsSince(count), [{ at, byMs }]);
  restore();
  assert.deepEqual(
    wallClock.stepsSince(count).map((step) => Math.sign(step.byMs)),
    [-1, 1],
  );
  assert.deepEqual(wallClock.stepsSince(wallClock.stepCount), []);
});

test("what an NTP client corrects by small amounts is followed, and is no step", {
  timeout: TEST_MS,
}, async () => {
  const count = wallClock.stepCount;
  const restore = wallClock.readFrom(() => Date.now() + 60);
  // Where the process has to wait between the two clocks that it compares, the next look follows.
  await eventually(() => {
    const told = wallTime();
    return told > Date.now() + 60 - 25;
  });
  assert.ok(wallTime() < Date.now() + 60 + 25);
  restore();
  assert.equal(wallClock.stepCount, count);
});
