import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameTimes, type FrameTimesOptions, timeFault } from "../../src/frames/frame-times.ts";

const START = 1_770_000_000_000;
const HOUR_MS = 3_600_000;

/** The times that frames get, ms after START, and the steps that are told. */
function judged(
  frames: readonly (readonly [said: number, cameAt: number])[],
  options: Partial<FrameTimesOptions> = {},
) {
  const times = new FrameTimes({ aheadMs: 1000, ...options });
  const steps: number[] = [];
  const found = frames.map(([said, cameAt]) => {
    const { capturedAt, step } = times.next(START + said, START + cameAt);
    if (step) steps.push(step.byMs);
    return Math.round((capturedAt - START) * 10) / 10;
  });
  return { found, steps };
}

/** Frames each 100 ms that come 20 ms late, by a clock that is set by so much after so many. */
function steppedBy(byMs: number, count = 12, after = 6): [number, number][] {
  return Array.from({ length: count }, (_, n) => [n * 100 + (n >= after ? byMs : 0), n * 100 + 20]);
}

const GRID = Array.from({ length: 12 }, (_, n) => n * 100);

for (const byMs of [-HOUR_MS, -2000, -900, HOUR_MS, 2000]) {
  test(`a clock that is set by ${byMs} ms moves no frame, and is told once`, () => {
    const { found, steps } = judged(steppedBy(byMs));
    assert.deepEqual(found, GRID);
    assert.deepEqual(steps, [byMs]);
  });
}

test("no two frames are at one instant, whatever their clock says", () => {
  for (const said of [
    [0, 0, 0, 0, 0, 0], // it stands still
    [0, 40, 20, 60, 40, 80], // jitter
    [500, 400, 300, 200, 100, 0], // it runs backwards
    [0, 0, 0, 1000, 1000, 1000], // it counts seconds
  ]) {
    for (const everyMs of [0, 100]) {
      const { found } = judged(said.map((time, n) => [time, n * everyMs]));
      for (const [n, time] of found.entries()) {
        assert.ok(n === 0 || time > found[n - 1]!, `${said} each ${everyMs} ms: ${found}`);
      }
    }
  }
});

test("a clock that counts whole seconds has frames as far apart as they came", () => {
  const frames = Array.from({ length: 25 }, (_, n) => [Math.floor(n / 10) * 1000, n * 100]) as [
    number,
    number,
  ][];
  const { found, steps } = judged(frames);
  assert.deepEqual(
    found,
    frames.map(([, cameAt]) => cameAt),
  );
  assert.deepEqual(steps, []);
});

test("a clock that all but stands still has frames as far apart as they came; a burst stays one", () => {
  const still = Array.from({ length: 10 }, (_, n) => [n * 0.001, n * 40] as const);
  assert.deepEqual(
    judged(still).found,
    still.map(([, cameAt]) => cameAt),
  );
  const times = new FrameTimes({ aheadMs: 1000 });
  const burst = [0, 0.03125, 0.0625].map((ms) => times.next(1000 + ms, 2000 + ms).capturedAt);
  assert.deepEqual(burst, [1000, 1000.03125, 1000.0625]);
});

test("frames that are given all at once keep their times, with the pauses between them", () => {
  const said = [0, 40, 80, 5000, 5040, 90_000];
  const { found, steps } = judged(said.map((time) => [time - 100_000, 0]));
  assert.deepEqual(
    found,
    said.map((time) => time - 100_000),
  );
  assert.deepEqual(steps, []);
});

test("a clock that is set forward at once is known by a frame from the future", () => {
  const { found, steps } = judged([
    [0, 5],
    [40, 45],
    [HOUR_MS + 80, 85],
    [HOUR_MS + 120, 125],
  ]);
  assert.deepEqual(found, [0, 40, 80, 120]);
  assert.deepEqual(steps, [HOUR_MS]);
});

test("a network that stalls and catches up sets no clock", () => {
  const { found, steps } = judged(
    [0, 100, 200, 300, 400, 500, 600].map((said) => [said, said < 400 ? said : 30_000]),
    { isLive: true },
  );
  assert.deepEqual(found, [0, 100, 200, 300, 400, 500, 600]);
  assert.deepEqual(steps, []);
});

test("what is no time is said in words", () => {
  assert.deepEqual(
    [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e18, Number.NEGATIVE_INFINITY].map(timeFault),
    ["is not a number", "is after 2199", "is before 1970", "is after 2199", "is before 1970"],
  );
  assert.equal(timeFault(0), undefined);
  assert.equal(timeFault(START), undefined);
});
