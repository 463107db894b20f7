import assert from "node:assert/strict";
import { test } from "node:test";
import { PtsClock, PtsTimes } from "../../src/sources/pts-clock.ts";

const HOUR_MS = 3_600_000;

/** Frames each 100 ms, by a clock that is set by so much after so many; and how far it is said to have been set in all. */
function played(
  byMs: number,
  { count = 300, after = 200, lateMs = (_: number): number => 5 } = {},
) {
  const times = new PtsTimes();
  const found = Array.from({ length: count }, (_, n) =>
    times.next(n * 100 + (n >= after ? byMs : 0), 1000 + n * 100 + lateMs(n)),
  );
  return { times: found.map(({ capturedAt }) => capturedAt), set: found.at(-1)!.clockSet?.byMs };
}

for (const byMs of [-HOUR_MS, -700, 2000, HOUR_MS]) {
  test(`a pipeline's clock that is set by ${byMs} ms is told, and times go on as frames come`, () => {
    const { times, set } = played(byMs);
    assert.ok(Math.abs(set! - byMs) < 10, `${set}`);
    for (const [n, time] of times.entries())
      assert.ok(n === 0 || Math.abs(time - times[n - 1]! - 100) < 10, `${n}: ${time}`);
  });
}

test("first frames that come late, and jitter, are no clock that was set", () => {
  assert.equal(played(0, { lateMs: (n) => Math.max(5, 3000 - n * 100) }).set, undefined);
  assert.equal(played(0, { lateMs: (n) => 5 + ((n * 37) % 90) }).set, undefined);
});

test("a clock that had stood still for a while is told when that has shown", () => {
  const stood = played(0, { count: 700, lateMs: (n) => (n < 200 ? 5 : 4005) });
  assert.ok(Math.abs(stood.set! + 4000) < 10, `${stood.set}`);
});

test("each output of a pipeline tells its own frames that their clock was set", () => {
  const clock = new PtsClock();
  const outputs = [new PtsTimes(clock), new PtsTimes(clock)];
  const last = [undefined, undefined] as (number | undefined)[];
  for (let n = 0; n < 40; n++)
    for (const [which, output] of outputs.entries()) {
      const pts = n * 100 - (n >= 20 ? HOUR_MS : 0);
      last[which] = output.next(pts + HOUR_MS, n * 100 + which).clockSet?.byMs;
    }
  for (const byMs of last) assert.ok(Math.abs(byMs! + HOUR_MS) < 100, `${last}`);
});
