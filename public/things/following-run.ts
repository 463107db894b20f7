import type { ReactiveControllerHost } from "lit";
import type { LiveThing } from "./live-thing.ts";
import type { Run } from "./run.ts";
import { FollowingRuns } from "./runs.ts";

/** Keeps an element up to date with the runs of one action, whoever began them: a page that is loaded again goes on with what runs. */
export class FollowingRun {
  readonly #action: string;
  readonly #following: FollowingRuns;
  #seen: Run | undefined;

  constructor(host: ReactiveControllerHost, action: string) {
    this.#action = action;
    this.#following = new FollowingRuns(host);
  }

  set thing(thing: LiveThing | undefined) {
    this.#following.thing = thing;
  }

  /** The newest that goes on. */
  get running(): Run | undefined {
    const running = this.#following.runs?.of(this.#action).find(({ isOver }) => !isOver);
    this.#seen = running ?? this.#seen;
    return running;
  }

  /** The newest that goes on, or the last one that did while this element was in the page. */
  get newest(): Run | undefined {
    return this.running ?? this.#seen;
  }

  /** Begins one, unless one goes on. */
  start(input: unknown): void {
    if (this.running) return;
    this.#seen = this.#following.runs?.start(this.#action, input);
  }

  /** Cancels all that go on, also those that this page has not heard of yet. */
  async cancel(): Promise<void> {
    await this.#following.runs?.look().catch(() => {}); // those that are known are cancelled all the same
    const runs = this.#following.runs?.of(this.#action) ?? [];
    await Promise.all(runs.map((run) => run.cancel()));
  }
}

/** Resolves when a run is over, however it ended. */
export function over(run: Run): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!run.isOver) return;
      run.removeEventListener("change", look);
      resolve();
    };
    run.addEventListener("change", look);
    look();
  });
}

/** Why a run did not do what it should have, in the server's sentence; not where somebody cancelled it. */
export function failureOf(run: Run | undefined): string {
  if (!run) return "";
  const failed = run.isOver && run.status !== "completed" && run.status !== "cancelled";
  return run.cancelProblem ?? (failed ? (run.problem ?? "It failed.") : "");
}
