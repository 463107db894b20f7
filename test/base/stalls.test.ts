import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeats } from "../../src/base/heartbeats.ts";
import { Supervisor } from "../../src/base/supervise.ts";
import { TEST_MS } from "../limits.ts";
import { SEED } from "../seed.ts";
import { randomFrom } from "../server/hostile-clients.ts";
import { FakeTimers } from "./fake-timers.ts";

/** How a source of frames is watched: as `SourceRunner` has it. */
const WATCH = { startMs: 15_000, silenceMs: 1000, periods: 5 };

/** A source that gives `count` frames a period apart and falls silent: after how long that is noticed, ms, and whether as a stall. */
async function noticed(periodMs: number, count: number, jitter: () => number) {
  const timers = new FakeTimers();
  let [last, at, isStalled, longest] = [0, 0, false, 0];
  const supervisor = new Supervisor(
    async (attempt) => {
      for (let n = 0, due = 0; n < count; n++) {
        const interval = periodMs * (0.8 + 0.4 * jitter());
        longest = Math.max(longest, interval);
        due += interval;
        timers.after(due, () => {
          attempt.heartbeat();
          last = timers.now();
        });
      }
      await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
    },
    {
      ...{ ...WATCH, timers, pauses: { firstMs: 1e9, longestMs: 1e9 } },
      onFailure: (failure) => {
        at = timers.now();
        ({ isStalled } = failure);
      },
    },
  );
  supervisor.start();
  await timers.pass(count * periodMs * 1.2 + 10 * Math.max(1000, 5 * periodMs));
  void supervisor.close();
  return { ms: at - last, isStalled, longest };
}

test("F02: a silence is noticed within 1 s, or five periods of what is slower, 50 times of 50", {
  timeout: TEST_MS,
}, async () => {
  const random = randomFrom(SEED);
  for (let n = 0; n < 50; n++) {
    const periodMs = 5 * (12_000 / 5) ** (n / 49); // 200 Hz to a frame each 12 s
    const { ms, isStalled, longest } = await noticed(periodMs, 8, random);
    const what = `a period of ${periodMs} ms: ${ms} ms`;
    assert.equal(isStalled, true, what);
    assert.ok(ms >= Math.min(1000, 5 * periodMs) && ms <= Math.max(1000, 5 * longest) + 1, what);
  }
});

test("a camera that gives a frame each 12 s is not taken for silent, from its first frame on", {
  timeout: TEST_MS,
}, async () => {
  const { ms, isStalled } = await noticed(12_000, 20, () => 0.5);
  assert.deepEqual([isStalled, ms], [true, 60_000]);
});

/** The silence that is allowed once beats have come at these intervals, ms. */
async function allowedAfter(intervals: readonly number[]): Promise<number> {
  const timers = new FakeTimers();
  const heartbeats = new Heartbeats(
    { startMs: 60_000, silenceMs: 1000, periods: 5 },
    () => {},
    timers,
  );
  heartbeats.beat();
  for (const ms of intervals) {
    await timers.pass(ms);
    heartbeats.beat();
  }
  const { allowedMs } = heartbeats;
  heartbeats.stop();
  return allowedMs;
}

test("a period is that of the last few frames: neither a slow start nor one pause makes it longer", {
  timeout: TEST_MS,
}, async () => {
  const fast = [100, 100, 100, 100, 100, 100, 100, 100];
  assert.equal(await allowedAfter([10_000, 100, 100, 100]), 1000, "a slow start");
  assert.equal(await allowedAfter([...fast, 900]), 1000, "a pause");
  assert.equal(await allowedAfter([900, 900, 900, 900, ...fast]), 1000, "faster than before");
  assert.equal(await allowedAfter([...fast, ...fast.map(() => 900)]), 4500, "slower than before");
  assert.equal(await allowedAfter([2000]), 10_000, "one period is known");
  assert.ok((await allowedAfter([0, 2000, 0, 2000, 0, 2000])) >= 4000, "in pairs");
});
