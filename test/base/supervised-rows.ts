import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "../../src/base/attempt.ts";
import { type Failure, Supervisor, type SupervisorOptions } from "../../src/base/supervise.ts";
import { TEST_MS } from "../limits.ts";
import { FakeTimers } from "./fake-timers.ts";

export const SECOND = 1000;

/** What one attempt does: at which second of it, what. A number alone: a heartbeat. */
type Script = readonly (
  | number
  | readonly [at: number, "ends" | "throws" | "fails" | "hangs" | "pauses" | "resumes"]
)[];

/** A row of a table of what a supervisor does. */
export interface Row {
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

/** A test for each row. */
export function testRows(rows: readonly Row[]): void {
  for (const row of rows) {
    test(row.holds, { timeout: TEST_MS }, async () => {
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
}

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
            else if (what === "hangs") attempt.hang();
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
