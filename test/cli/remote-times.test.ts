import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClockStep } from "../../src/base/wall-clock.ts";
import { RemoteTimes } from "../../src/cli/remote-times.ts";

const START = 1_770_000_000_000;
const HOUR_MS = 3_600_000;

test("when another server's clock is set, times go on as before, never back, and each step is told once", () => {
  const steps: ClockStep[] = [];
  const times = new RemoteTimes((step) => steps.push(step));
  let ahead = 0;
  const frame = (ms: number, lateMs = 20) => {
    const [capturedAt, cameAt] = [START + ms + ahead, START + ms + lateMs];
    return times.of({ capturedAt, receivedAt: cameAt, numberedBy: "server" }, cameAt);
  };
  const found = [frame(0), frame(40)];
  ahead = 2 * HOUR_MS;
  found.push(frame(80), frame(120));
  ahead = -3 * HOUR_MS;
  found.push(frame(160), frame(200));
  found.push(frame(240, 30_000), frame(280, 30_000)); // the network stalls: no clock was set
  found.push(frame(30_300), frame(30_340));
  const hours = steps.map(({ byMs }) => Math.round(byMs / HOUR_MS));
  assert.deepEqual(hours, [2, -5]);
  const expected = [0, 40, 80, 120, 160, 200, 240, 280, 30_300, 30_340];
  assert.deepEqual(
    found.map((time) => Math.round(time - START)),
    expected,
  );
});

test("a server without times of day gives each frame the time at which it came", () => {
  const times = new RemoteTimes(() => assert.fail("there is no step"));
  for (const ms of [0, 40, 80]) {
    const cameAt = START + ms;
    const frame = { capturedAt: ms, receivedAt: cameAt, numberedBy: "reader" } as const;
    assert.equal(times.of(frame, cameAt), cameAt);
  }
});

test("frames without a time among those of a clock that is wrong are as far apart as they came, and no clock was set", () => {
  const times = new RemoteTimes(() => assert.fail("there is no step"));
  for (const [n, stamp] of [0, 40, undefined, Number.NaN, 1e17, 200, undefined].entries()) {
    const capturedAt = stamp === undefined ? undefined : START - HOUR_MS + stamp;
    const cameAt = START + 40 * n;
    const of = times.of({ capturedAt, receivedAt: cameAt, numberedBy: "server" }, cameAt);
    assert.equal(Math.round(of - START + HOUR_MS), 40 * n);
  }
});
