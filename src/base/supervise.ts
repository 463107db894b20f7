import { type Attempt, type AttemptOptions, RunningAttempt } from "./attempt.ts";
import { messageOf } from "./errors.ts";
import { type Pauses, pauseAfter } from "./pauses.ts";
import { systemTimers, type Timers } from "./timers.ts";

/**
 * What something that is kept alive does. `idle`: it is not wanted; `starting`: it runs, and has given no sign of life yet;
 * `running`: it gives them; `stopping`: it was told to end, and has not released everything; `waiting`: it failed, and is
 * tried again; `finished`: it has ended for good.
 */
export type SupervisedState = "idle" | "starting" | "running" | "stopping" | "waiting" | "finished";

/** What it does at one moment, for people and programs. */
export interface SupervisedStatus {
  readonly state: SupervisedState;
  /** Which attempt this is, or was last, since it ran well: 1 for the first; 0 before it. */
  readonly attempt: number;
  /** Why the attempt before failed, in a sentence; until it gives a sign of life again. */
  readonly reason: string | undefined;
  /** Since when it has been in this state, on the clock of its timers. */
  readonly since: number;
  /** When it is tried again, while it waits. */
  readonly nextTryAt: number | undefined;
}

/** How an attempt failed. */
export interface Failure {
  readonly error: unknown;
  /** One sentence. */
  readonly reason: string;
  /** The attempt that failed, as in the status. */
  readonly attempt: number;
  /** It was silent after signs of life. */
  readonly isStalled: boolean;
}

/** How something is kept alive. */
export interface SupervisorOptions extends AttemptOptions {
  readonly pauses: Pauses;
  /** However often it is asked for by `retry`, two attempts do not begin within this time, ms. */
  readonly betweenMs?: number | undefined;
  /** An attempt that gave signs of life for so long ran well, ms: the next pause is the first again. 0 unless given. */
  readonly goodAfterMs?: number | undefined;
  /** And it gave so many of them; 1 unless given. */
  readonly goodAfterHeartbeats?: number | undefined;
  /** After so many failures in a row it has finished; never unless given. */
  readonly mostFailures?: number | undefined;
  /** Whether it has finished when an attempt comes to its end; else that is a failure, like every other. */
  readonly mayEnd?: boolean | undefined;
  /** How long an attempt that was told to end is waited for, ms; for ever unless given. After that the next one may begin. */
  readonly endMs?: number | undefined;
  /** Whether a pause is no reason for the process to go on. */
  readonly isBackground?: boolean;
  /** Ends it for good. */
  readonly signal?: AbortSignal | undefined;
  readonly onState?: (status: SupervisedStatus) => void;
  /** Called when an attempt has failed and released everything, before the pause. */
  readonly onFailure?: (failure: Failure) => void;
  /** An attempt did not end within `endMs`. */
  readonly onStuck?: () => void;
  /** The sentence for what an attempt threw. */
  readonly explain?: (error: unknown) => string;
  /** Whether a failure may pass; else it has finished. */
  readonly mayPass?: (error: unknown) => boolean;
  readonly timers?: Timers;
}

const ENDED = "It ended by itself.";

/**
 * Keeps something alive from `start` to `stop`: begins it, ends it when it is silent, and begins it again after a pause when it has
 * failed. Two attempts never overlap, unless one does not end when it has to (`endMs`).
 */
export class Supervisor {
  /** Resolves when it has finished. */
  readonly finished: Promise<void>;
  readonly #run: (attempt: Attempt) => Promise<unknown>;
  readonly #options: SupervisorOptions;
  readonly #timers: Timers;
  #resolve: () => void = () => {};
  readonly #close = () => void this.close();
  #isWanted = false;
  #isClosing = false;
  #failures = 0;
  #attempt: RunningAttempt | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  #nextTryAt = Number.NEGATIVE_INFINITY;
  #endTimer: () => void = () => {};
  #state: SupervisedState = "idle";
  #since: number;
  #reason: string | undefined;

  /** @param run - One life. It settles when everything is released, soon after the signal has aborted; before that it has ended or failed. */
  constructor(run: (attempt: Attempt) => Promise<unknown>, options: SupervisorOptions) {
    this.#run = run;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#since = this.#timers.now();
    this.finished = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    options.signal?.addEventListener("abort", this.#close);
    if (options.signal?.aborted) this.#close();
  }

  get status(): SupervisedStatus {
    const isWaiting = this.#state === "waiting";
    return {
      state: this.#state,
      attempt: this.#failures + (this.#attempt ? 1 : 0),
      reason: this.#reason,
      since: this.#since,
      nextTryAt: isWaiting ? this.#nextTryAt : undefined,
    };
  }

  /** It is wanted: it begins, when an earlier attempt has ended and its pause is over. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#next();
  }

  /** It is not wanted. Resolves when it has ended. What is left of a pause is waited for by the next start. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    const attempt = this.#attempt;
    attempt?.close("stopped");
    this.#next();
    await attempt?.settled;
  }

  /** Ends it for good. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.stop();
  }

  /** Does without the rest of a pause. */
  retry(): void {
    const soonest = Math.max(this.#timers.now(), this.#begunAt + (this.#options.betweenMs ?? 0));
    if (this.#nextTryAt <= soonest) return;
    this.#nextTryAt = soonest;
    this.#next();
  }

  /** Ends the present attempt and begins another without a pause: that is no failure. One that has stalled is ended as silent. */
  restart(): void {
    this.#nextTryAt = Number.NEGATIVE_INFINITY;
    const attempt = this.#attempt;
    if (attempt?.heartbeats.isStalled) attempt.isSilent = true;
    attempt?.close("stopped");
    this.#next();
  }

  /** The present attempt has failed, as others have noticed: it is ended. */
  fail(error: unknown): void {
    this.#attempt?.fail(error);
  }

  /** Forgets earlier failures: the next start has no pause before it. */
  forget(): void {
    this.#failures = 0;
    this.#nextTryAt = Number.NEGATIVE_INFINITY;
  }

  /** What comes now, if nothing runs. */
  #next(): void {
    if (this.#attempt || this.#state === "finished") return;
    this.#endTimer();
    const left = this.#nextTryAt - this.#timers.now();
    if (this.#isClosing) this.#finish();
    else if (!this.#isWanted) this.#become("idle");
    else if (left <= 0) this.#begin();
    else {
      this.#endTimer = this.#timers.after(left, () => this.#next(), this.#options.isBackground);
      this.#become("waiting");
    }
  }

  #begin(): void {
    const attempt = new RunningAttempt(this.#options, this.#timers, () => {
      this.#noteHeartbeat(attempt);
    });
    attempt.signal.addEventListener("abort", () => this.#whenAborted(attempt));
    this.#attempt = attempt;
    this.#begunAt = this.#timers.now();
    this.#nextTryAt = Number.NEGATIVE_INFINITY;
    this.#become("starting");
    Promise.resolve()
      .then(() => (attempt.outcome ? undefined : this.#run(attempt))) // it may have been stopped in this tick
      .then(
        () => this.#settle(attempt),
        (error) => this.#settle(attempt, { error }),
      );
  }

  #noteHeartbeat(attempt: RunningAttempt): void {
    if (this.#failures > 0 && this.#ranWell(attempt)) this.#failures = 0;
    if (this.#state !== "starting") return;
    this.#reason = undefined;
    this.#become("running");
  }

  #ranWell({ heartbeats, firstAt }: RunningAttempt): boolean {
    const { goodAfterHeartbeats = 1, goodAfterMs = 0 } = this.#options;
    if (firstAt === undefined || heartbeats.count < goodAfterHeartbeats) return false;
    return this.#timers.now() - firstAt >= goodAfterMs;
  }

  #whenAborted(attempt: RunningAttempt): void {
    if (this.#attempt !== attempt) return; // it has settled
    this.#become("stopping");
    const { endMs, onStuck } = this.#options;
    if (endMs === undefined) return;
    this.#endTimer = this.#timers.after(endMs, () => {
      onStuck?.();
      this.#settle(attempt);
    });
  }

  #settle(attempt: RunningAttempt, thrown?: { readonly error: unknown }): void {
    if (this.#attempt !== attempt) return; // nobody waits for it any more
    if (this.#ranWell(attempt)) this.#failures = 0;
    const outcome = attempt.outcome ?? thrown ?? "ended";
    this.#attempt = undefined;
    attempt.close(outcome);
    if (outcome === "ended" && this.#options.mayEnd) this.#isClosing = true;
    else if (outcome === "ended") this.#fail(attempt, new Error(ENDED));
    else if (outcome !== "stopped") this.#fail(attempt, outcome.error);
    this.#next();
    attempt.settle();
  }

  #fail(attempt: RunningAttempt, error: unknown): void {
    const { pauses, explain = messageOf, mayPass, onFailure } = this.#options;
    this.#failures += 1;
    this.#reason = explain(error);
    this.#nextTryAt = this.#timers.now() + pauseAfter(this.#failures, pauses);
    const isHopeless = this.#failures >= (this.#options.mostFailures ?? Number.POSITIVE_INFINITY);
    if (isHopeless || mayPass?.(error) === false) this.#isClosing = true;
    const isStalled = attempt.isSilent && attempt.heartbeats.count > 0;
    onFailure?.({ error, reason: this.#reason, attempt: this.#failures, isStalled });
  }

  #finish(): void {
    this.#options.signal?.removeEventListener("abort", this.#close);
    this.#become("finished");
    this.#resolve();
  }

  #become(state: SupervisedState): void {
    if (state === this.#state && state !== "waiting") return;
    this.#state = state;
    this.#since = this.#timers.now();
    this.#options.onState?.(this.status);
  }
}
