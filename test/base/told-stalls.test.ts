import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeats } from "../../src/base/heartbeats.ts";
import { TEST_MS } from "../limits.ts";
import { FakeTimers } from "./fake-timers.ts";

/** How a camera on a network is watched. */
const WATCH = { startMs: 15_000, silenceMs: 5000, periods: 5, stallMs: 1000 };

/** What is told of beats that come after these pauses, ms: `4200 stalled`, by the time since the first; then a long silence. */
async function toldOf(pauses: readonly number[], limits = WATCH): Promise<string[]> {
  const timers = new FakeTimers();
  const told: string[] = [];
  const tell = (what: string) => told.push(`${Math.round(timers.now())} ${what}`);
  const heartbeats = new Heartbeats(
    limits,
    () => tell("silent"),
    timers,
    (stall) => tell(stall ? `stalled until ${Math.round(stall.allowedMs)}` : "alive"),
  );
  heartbeats.beat();
  for (const ms of pauses) {
    await timers.pass(ms);
    heartbeats.beat();
  }
  await timers.pass(200_000);
  assert.equal(timers.waiting, 0, "nothing is watched after the end");
  return told;
}

const times = (count: number, ...pauses: number[]) => Array(count).fill(pauses).flat();

const ROWS: readonly (readonly [holds: string, pauses: number[], told: string[]])[] = [
  [
    "a fast source stalls after a second, and is silent after its limit",
    times(20, 40),
    ["1800 stalled until 5000", "5800 silent"],
  ],
  [
    "a slow one stalls after five periods",
    times(8, 500),
    ["6500 stalled until 5000", "9000 silent"],
  ],
  [
    "one whose five periods are longer than its limit is silent then, without a stall before",
    times(8, 2000),
    ["26000 silent"],
  ],
  [
    "with one beat its period is not known: a second may take as long as the first",
    [],
    ["15000 silent"],
  ],
  [
    "one that comes again is alive, and each silence is told",
    [...times(20, 40), 3000, ...times(40, 40), 1500],
    [
      "1800 stalled until 5000",
      "3800 alive",
      "6400 stalled until 5000",
      "6900 alive",
      "7900 stalled until 5000",
      "11900 silent",
    ],
  ],
  [
    "one that delivers ten at once every two seconds has that period, known from the second pause on",
    [...times(9, 8), ...times(6, 1928, ...times(9, 8))],
    ["1072 stalled until 5000", "2000 alive", "22072 silent"],
  ],
  [
    "an exposure that becomes ten times as long is a stall until its period is known",
    [...times(20, 150), ...times(8, 1500)],
    [
      "4000 stalled until 5000",
      "4500 alive",
      "5500 stalled until 5000",
      "6000 alive",
      "22500 silent",
    ],
  ],
];

for (const [holds, pauses, told] of ROWS) {
  test(holds, { timeout: TEST_MS }, async () => {
    assert.deepEqual(await toldOf(pauses), told);
  });
}

test("a while in which this process was busy is no stall, and one that is stopped tells nothing", {
  timeout: TEST_MS,
}, async () => {
  const timers = new FakeTimers();
  const told: string[] = [];
  const heartbeats = new Heartbeats(
    WATCH,
    () => told.push("silent"),
    timers,
    (stall) => told.push(stall ? "stalled" : "alive"),
  );
  for (let n = 0; n < 10; n++) {
    await timers.pass(40);
    heartbeats.beat();
  }
  await timers.pass(30);
  timers.stall(4000);
  await timers.pass(20); // what has come meanwhile is read
  heartbeats.beat();
  assert.deepEqual(told, []);
  heartbeats.pause();
  await timers.pass(60_000);
  heartbeats.resume();
  await timers.pass(900);
  assert.deepEqual(told, []);
  await timers.pass(200);
  heartbeats.stop();
  await timers.pass(60_000);
  assert.deepEqual([told, timers.waiting], [["stalled"], 0]);
});
