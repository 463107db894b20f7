import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "../../src/base/attempt.ts";
import { pauseAfter } from "../../src/base/pauses.ts";
import { type SupervisedStatus, Supervisor } from "../../src/base/supervise.ts";
import { TEST_MS } from "../limits.ts";
import { FakeTimers } from "./fake-timers.ts";
import { type Row, SECOND, testRows } from "./supervised-rows.ts";

const timeout = TEST_MS;

const ROWS: readonly Row[] = [
  ...(["stop", "close"] as const).flatMap((deed): Row[] => {
    const last = deed === "stop" ? "idle" : "finished";
    return [
      {
        holds: `${deed} while it starts ends it once`,
        attempts: [[5]],
        deeds: [[2, deed]],
        seconds: 9,
        states: `0 starting, 2 stopping, 2 ${last}`,
      },
      {
        holds: `${deed} while it runs ends it once, and waits for it`,
        attempts: [[1, 2, 3, 4]],
        options: { silenceMs: 3 * SECOND },
        deeds: [
          [2, deed],
          [3, deed],
        ],
        releases: 2,
        seconds: 9,
        states: `0 starting, 1 running, 2 stopping, 4 ${last}`,
      },
      {
        holds: `${deed} while it waits ends the wait`,
        attempts: [[[1, "throws"]]],
        deeds: [[1.5, deed]],
        seconds: 9,
        states: `0 starting, 1 waiting, 1.5 ${last}`,
        reasons: ["unplugged"],
      },
      {
        holds: `${deed} while it fails tells the failure, and does not wait`,
        attempts: [[[1, "fails"]]],
        releases: 2,
        deeds: [[2, deed]],
        seconds: 9,
        states: `0 starting, 1 stopping, 3 ${last}`,
        reasons: ["told"],
      },
    ];
  }),
  {
    holds: "a start while it stops begins when it has ended: attempts do not overlap",
    attempts: [[1]],
    releases: 2,
    deeds: [
      [3, "stop"],
      [4, "start"],
    ],
    seconds: 7,
    states: "0 starting, 1 running, 3 stopping, 5 starting, 6 running",
  },
  {
    holds: "an attempt that does not end is waited for so long, and no longer",
    attempts: [[1]],
    options: { endMs: 2 * SECOND },
    releases: 100,
    deeds: [[3, "restart"]],
    seconds: 7,
    states: "0 starting, 1 running, 3 stopping, 5 starting, 6 running",
  },
  {
    holds: "a restart is no failure and has no pause",
    attempts: [[1]],
    deeds: [[3, "restart"]],
    seconds: 5,
    states: "0 starting, 1 running, 3 stopping, 3 starting, 4 running",
  },
  {
    holds: "a restart ends a pause",
    attempts: [[[1, "throws"]], []],
    deeds: [[1.5, "restart"]],
    seconds: 5,
    states: "0 starting, 1 waiting, 1.5 starting",
  },
  {
    holds: "a retry ends a pause, though not sooner than two attempts may follow one another",
    attempts: [[[1, "throws"]], [[1, "throws"]], []],
    options: { betweenMs: 2 * SECOND },
    deeds: [
      [3.2, "retry"],
      [3.5, "retry"],
    ],
    seconds: 9,
    states: "0 starting, 1 waiting, 2 starting, 3 waiting, 3.2 waiting, 4 starting",
  },
  {
    holds:
      "what is started again in a pause waits for its end, unless earlier failures are forgotten",
    attempts: [[[1, "throws"]], [[1, "throws"]], []],
    deeds: [
      [1.2, "stop"],
      [1.5, "start"],
      [3.2, "stop"],
      [3.3, "forget"],
      [3.5, "start"],
    ],
    seconds: 9,
    states:
      "0 starting, 1 waiting, 1.2 idle, 1.5 waiting, 2 starting, 3 waiting, 3.2 idle, 3.5 starting",
  },
];

testRows(ROWS);

test("the status tells which attempt it is, why the one before failed, and when the next one is", {
  timeout,
}, async () => {
  const timers = new FakeTimers();
  const told: SupervisedStatus[] = [];
  const run = async ({ signal }: Attempt) => {
    if (told.length < 5) throw new Error("unplugged");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };
  const supervisor = new Supervisor(run, {
    pauses: { firstMs: SECOND, longestMs: 8 * SECOND },
    timers,
    onState: (status) => told.push(status),
  });
  assert.deepEqual(supervisor.status, {
    ...{ state: "idle", attempt: 0, reason: undefined, since: 0, nextTryAt: undefined },
  });
  supervisor.start();
  await timers.pass(5 * SECOND);
  const reason = "unplugged";
  assert.deepEqual(told, [
    { state: "starting", attempt: 1, reason: undefined, since: 0, nextTryAt: undefined },
    { state: "waiting", attempt: 1, reason, since: 0, nextTryAt: 1000 },
    { state: "starting", attempt: 2, reason, since: 1000, nextTryAt: undefined },
    { state: "waiting", attempt: 2, reason, since: 1000, nextTryAt: 3000 },
    { state: "starting", attempt: 3, reason, since: 3000, nextTryAt: undefined },
  ]);
  await supervisor.close();
});

test("what is aborted has finished, before it began or while it runs", { timeout }, async () => {
  for (const isEarly of [true, false]) {
    const timers = new FakeTimers();
    const abort = new AbortController();
    if (isEarly) abort.abort();
    const states: string[] = [];
    const run = ({ signal }: Attempt) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const supervisor = new Supervisor(run, {
      pauses: { firstMs: SECOND, longestMs: SECOND },
      signal: abort.signal,
      timers,
      startMs: SECOND,
      onState: ({ state }) => states.push(state),
    });
    supervisor.start();
    abort.abort();
    await supervisor.finished;
    const expected = isEarly ? ["finished"] : ["starting", "stopping", "finished"];
    assert.deepEqual([states, timers.waiting], [expected, 0]);
  }
});

test("a pause of which a part is left to chance is never longer than it would be without", () => {
  const pauses = { firstMs: 1000, longestMs: 8000, jitter: 0.5 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 2000].map((failures) => pauseAfter(failures, pauses, () => 0)),
    [1000, 2000, 4000, 8000, 8000, 8000],
  );
  assert.equal(
    pauseAfter(3, pauses, () => 1),
    2000,
  );
});
