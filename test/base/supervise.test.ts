import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "../../src/base/attempt.ts";
import { pauseAfter } from "../../src/base/pauses.ts";
import {
  type Failure,
  type SupervisedStatus,
  Supervisor,
  type SupervisorOptions,
} from "../../src/base/supervise.ts";
import { TEST_MS } from "../limits.ts";
import { FakeTimers } from "./fake-timers.ts";

const timeout = TEST_MS;
const SECOND = 1000;

/** What one attempt does: at which second of it, what. A number alone: a heartbeat. */
type Script = readonly (
  | number
  | readonly [at: number, "ends" | "throws" | "fails" | "pauses" | "resumes"]
)[];

interface Row {
  readonly holds: string;
  /** One for each attempt; the last one for all that follow. */
  readonly attempts: readonly Script[];
  readonly options?: Partial<SupervisorOptions>;
  /** What others do to it, and at which second. */
  readonly deeds?: readonly (readonly [at: number, deed: keyof typeof DEEDS])[];
  /** How many seconds are looked at. */
  readonly seconds: number;
  /** Each state, with the second in which it began. */
  readonly states: string;
  readonly reasons?: readonly (string | RegExp)[];
  /** How many seconds an attempt takes to release what it has. */
  readonly releases?: number;
}

const DEEDS = {
  start: (supervisor: Supervisor) => supervisor.start(),
  stop: (supervisor: Supervisor) => void supervisor.stop(),
  close: (supervisor: Supervisor) => void supervisor.close(),
  retry: (supervisor: Supervisor) => supervisor.retry(),
  restart: (supervisor: Supervisor) => supervisor.restart(),
  forget: (supervisor: Supervisor) => supervisor.forget(),
  "is busy for 3 s": (_: Supervisor, timers: FakeTimers) => timers.stall(3 * SECOND),
} as const;

const ROWS: readonly Row[] = [
  {
    holds: "what fails after 5 s is tried again after 1 s, then 2, 4, and 8 at most",
    attempts: [[[5, "throws"]]],
    seconds: 48,
    states:
      "0 starting, 5 waiting, 6 starting, 11 waiting, 13 starting, 18 waiting, 22 starting, 27 waiting, 35 starting, 40 waiting, 48 starting",
    reasons: ["unplugged", "unplugged", "unplugged", "unplugged", "unplugged"],
  },
  {
    holds: "what ends by itself has failed",
    attempts: [[1, [2, "ends"]], [1]],
    seconds: 5,
    states: "0 starting, 1 running, 2 waiting, 3 starting, 4 running",
    reasons: ["It ended by itself."],
  },
  {
    holds: "what may end has finished then, and is not started again",
    attempts: [[1, [2, "ends"]]],
    options: { mayEnd: true },
    deeds: [
      [5, "start"],
      [6, "restart"],
    ],
    seconds: 9,
    states: "0 starting, 1 running, 2 finished",
  },
  {
    holds: "without a first sign of life in time it has failed",
    attempts: [[]],
    options: { startMs: 3 * SECOND },
    seconds: 5,
    states: "0 starting, 3 stopping, 3 waiting, 4 starting",
    reasons: ["It has not delivered anything for 3.0 s."],
  },
  {
    holds: "what is silent for too long after signs of life has stalled",
    attempts: [[1, 2]],
    options: { startMs: 3 * SECOND, silenceMs: 2 * SECOND },
    seconds: 5,
    states: "0 starting, 1 running, 4 stopping, 4 waiting, 5 starting",
    reasons: ["It has been silent for 2.0 s."],
  },
  {
    holds: "what is slow is not silent: five of its periods are allowed",
    attempts: [[1, 3, 5, 14, 15]],
    options: { startMs: 3 * SECOND, silenceMs: SECOND, periods: 5 },
    seconds: 20,
    states: "0 starting, 1 running",
  },
  {
    holds: "before its period is known, a second sign of life may take as long as the first",
    attempts: [[2]],
    options: { startMs: 3 * SECOND, silenceMs: SECOND, periods: 5 },
    seconds: 5,
    states: "0 starting, 2 running, 5 stopping, 5 waiting",
    reasons: ["It has been silent for 3.0 s."],
  },
  {
    holds: "nothing is said of a silence in which nobody listened",
    attempts: [[1, [2, "pauses"], [9, "resumes"]]],
    options: { silenceMs: 2 * SECOND },
    seconds: 11,
    states: "0 starting, 1 running, 11 stopping, 11 waiting",
    reasons: ["It has been silent for 2.0 s."],
  },
  {
    holds: "a while in which this process was busy is not held against it",
    attempts: [[1, 5.2]],
    options: { silenceMs: 2 * SECOND },
    deeds: [[2.1, "is busy for 3 s"]],
    seconds: 6,
    states: "0 starting, 1 running",
  },
  {
    holds: "the sentence for silence may be another",
    attempts: [[]],
    options: { startMs: SECOND, silence: (ms) => `No frame in ${ms} ms.` },
    seconds: 1,
    states: "0 starting, 1 stopping, 1 waiting",
    reasons: ["No frame in 1000 ms."],
  },
  {
    holds: "after a sign of life the pause is the first again",
    attempts: [[[1, "throws"]], [[1, "throws"]], [1, [2, "throws"]], []],
    seconds: 8,
    states:
      "0 starting, 1 waiting, 2 starting, 3 waiting, 5 starting, 6 running, 7 waiting, 8 starting",
    reasons: ["unplugged", "unplugged", "unplugged"],
  },
  {
    holds: "what has to run well for a while has the first pause again after that while only",
    attempts: [[1, [3, "throws"]], [1, [3, "throws"]], [1, [8, "throws"]], []],
    options: { goodAfterMs: 5 * SECOND },
    seconds: 18,
    states:
      "0 starting, 1 running, 3 waiting, 4 starting, 5 running, 7 waiting, 9 starting, 10 running, 17 waiting, 18 starting",
  },
  {
    holds: "what has to give so many signs of life has the first pause again after those only",
    attempts: [[1, [2, "throws"]], [1, 1.2, 1.4, [2, "throws"]], []],
    options: { goodAfterHeartbeats: 3 },
    seconds: 6,
    states: "0 starting, 1 running, 2 waiting, 3 starting, 4 running, 5 waiting, 6 starting",
  },
  {
    holds: "after so many failures in a row it is given up",
    attempts: [[[1, "throws"]], [1, [2, "throws"]], [[1, "throws"]]],
    options: { mostFailures: 2 },
    deeds: [[20, "start"]],
    seconds: 30,
    states: "0 starting, 1 waiting, 2 starting, 3 running, 4 waiting, 5 starting, 6 finished",
    reasons: ["unplugged", "unplugged", "unplugged"],
  },
  {
    holds: "a failure that cannot pass is given up at once",
    attempts: [[[1, "throws"]]],
    options: { mayPass: () => false },
    seconds: 9,
    states: "0 starting, 1 finished",
    reasons: ["unplugged"],
  },
  {
    holds: "a failure that is told counts, whatever the attempt throws when it is ended",
    attempts: [[1, [2, "fails"]]],
    releases: 1,
    seconds: 4,
    states: "0 starting, 1 running, 2 stopping, 3 waiting, 4 starting",
    reasons: ["told"],
  },
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

for (const row of ROWS) {
  test(row.holds, { timeout }, async () => {
    const timers = new FakeTimers();
    const states: string[] = [];
    const failures: Failure[] = [];
    const lives = new Lives(row, timers);
    const supervisor = new Supervisor((attempt) => lives.begin(attempt), {
      pauses: { firstMs: SECOND, longestMs: 8 * SECOND },
      ...row.options,
      timers,
      onState: ({ state, since }) => states.push(`${since / SECOND} ${state}`),
      onFailure: (failure) => failures.push(failure),
    });
    for (const [at, deed] of row.deeds ?? []) {
      timers.after(at * SECOND, () => DEEDS[deed](supervisor, timers));
    }
    supervisor.start();
    await timers.pass(row.seconds * SECOND);
    assert.equal(states.join(", "), row.states);
    if (row.reasons) {
      assert.deepEqual(
        failures.map(({ reason }) => reason),
        row.reasons,
      );
    }
    lives.end();
    const closed = supervisor.close();
    await timers.pass(0);
    if (row.options?.endMs === undefined) assert.equal(lives.most, 1);
    await closed;
    await supervisor.finished;
    assert.deepEqual([supervisor.status.state, timers.waiting], ["finished", 0]);
  });
}

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

/** The attempts of a row, which must not overlap. */
class Lives {
  most = 0;
  readonly #row: Row;
  readonly #timers: FakeTimers;
  #count = 0;
  #alive = 0;
  #isOver = false;
  readonly #releases: (() => void)[] = [];

  constructor(row: Row, timers: FakeTimers) {
    this.#row = row;
    this.#timers = timers;
  }

  /** Releases at once what would take its time. */
  end(): void {
    this.#isOver = true;
    for (const release of this.#releases) release();
  }

  async begin(attempt: Attempt): Promise<void> {
    const { attempts, releases = 0 } = this.#row;
    const script = attempts[Math.min(this.#count++, attempts.length - 1)]!;
    this.most = Math.max(this.most, ++this.#alive);
    try {
      await new Promise<void>((resolve, reject) => {
        const ends: (() => void)[] = [];
        const finish = (error?: Error) => {
          for (const end of ends) end();
          if (error) reject(error);
          else resolve();
        };
        for (const step of script) {
          const [at, what] = typeof step === "number" ? [step, "beats"] : step;
          const act = () => {
            if (what === "beats") attempt.heartbeat();
            else if (what === "ends") finish();
            else if (what === "throws") finish(new Error("unplugged"));
            else if (what === "fails") attempt.fail(new Error("told"));
            else if (what === "pauses") attempt.pause();
            else attempt.resume();
          };
          ends.push(this.#timers.after(at * SECOND, act));
        }
        attempt.signal.addEventListener("abort", () => {
          const release = () => finish(new Error("aborted"));
          this.#releases.push(release);
          if (releases === 0 || this.#isOver) release();
          else ends.push(this.#timers.after(releases * SECOND, release));
        });
      });
    } finally {
      this.#alive--;
    }
  }
}
