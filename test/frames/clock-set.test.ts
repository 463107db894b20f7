import assert from "node:assert/strict";
import { test } from "node:test";
import { wallTime } from "../../src/base/clock.ts";
import { ClockSteps, describeClockSet, readClockSet, setBy } from "../../src/frames/clock-set.ts";

/** What is told before each frame: `run` and the sum that it says. */
function told(frames: readonly (readonly [run: string, byMs?: number])[]): (number | undefined)[] {
  const steps = new ClockSteps();
  return frames.map(([run, byMs]) => {
    const clockSet = byMs === undefined ? undefined : { at: 5, byMs };
    return steps.next({ run, clockSet })?.byMs;
  });
}

test("a step is told once, also when the frames that told it first were passed over", () => {
  const none = undefined;
  assert.deepEqual(told([["a"], ["a"], ["a", -50], ["a", -50], ["a", 950]]), [
    none,
    none,
    -50,
    none,
    1000,
  ]);
});

test("what the clock was set by before the first frame is no step; a new run has a clock of its own", () => {
  const none = undefined;
  const frames = [["a", 700], ["a", 700], ["b"], ["b", 700], ["c", 700]] as const;
  assert.deepEqual(told(frames), [none, none, none, 700, 700]);
});

test("a clock that was set is read as it was written, and what else stands there is passed over", () => {
  const at = 1_770_000_000_123.5;
  const set = setBy(setBy(undefined, { at: 1, byMs: -3_600_000 }), { at, byMs: 250 });
  assert.deepEqual(set, { at, byMs: -3_599_750 });
  const read = readClockSet(describeClockSet(set))!;
  assert.equal(read.byMs, -3_599_750);
  assert.ok(Math.abs(read.at - wallTime(at)) < 0.01);
  for (const text of [undefined, "", "by=;at=", "by=1", "by=1e9;at=1", "by=1;at=-1", "by=1;at=1;"])
    assert.equal(readClockSet(text), undefined, text);
});
