import { Heartbeats, type SilenceLimits, type Stall } from "./heartbeats.ts";
import type { Timers } from "./timers.ts";

/** One life of what is supervised. */
export interface Attempt {
  /** Aborts when it has to end: it was stopped, or has failed. */
  readonly signal: AbortSignal;
  /** Whether it was ended because it was silent for too long, or begun anew while it had stalled. */
  readonly isSilent: boolean;
  /** A sign of life: a frame, a message, an answer. */
  heartbeat(): void;
  /** From now on silence does not count: nobody listens. */
  pause(): void;
  /** Somebody listens again. */
  resume(): void;
  /** Others have noticed that it is silent: it is ended as such. */
  hang(): void;
  /** It has failed where it cannot throw, and is ended. Of several reasons the first counts. */
  fail(error: unknown): void;
  /** It has come to its end where it cannot return. */
  end(): void;
}

/** When an attempt has been silent for too long, and what is said of it. */
export interface AttemptOptions extends SilenceLimits {
  /** The error for a silence of `silentMs`; `isStalled`: there were signs of life before. */
  readonly silence?: ((silentMs: number, isStalled: boolean) => Error) | undefined;
  /** Called when it has stalled, and without a stall when it has come to life again by itself. */
  readonly onStall?: ((stall: Stall | undefined) => void) | undefined;
}

/** An attempt, as its supervisor sees it. */
export class RunningAttempt implements Attempt {
  readonly heartbeats: Heartbeats;
  /** Resolves when its supervisor has done with it. */
  readonly settled: Promise<void>;
  /** When the first heartbeat came. */
  firstAt: number | undefined;
  isSilent = false;
  /** What was said of its end before it came. */
  outcome: "ended" | "stopped" | { readonly error: unknown } | undefined;
  settle: () => void = () => {};
  readonly #abort = new AbortController();
  readonly #timers: Timers;
  readonly #onHeartbeat: () => void;
  readonly #silence: (silentMs: number, isStalled: boolean) => Error;

  constructor(options: AttemptOptions, timers: Timers, onHeartbeat: () => void) {
    this.#silence = options.silence ?? silentFor;
    this.#timers = timers;
    this.#onHeartbeat = onHeartbeat;
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.heartbeats = new Heartbeats(options, () => this.hang(), timers, options.onStall);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  heartbeat(): void {
    if (this.outcome) return;
    this.heartbeats.beat();
    this.firstAt ??= this.#timers.now();
    this.#onHeartbeat();
  }

  pause(): void {
    this.heartbeats.pause();
  }

  resume(): void {
    this.heartbeats.resume();
  }

  hang(): void {
    if (this.outcome) return;
    this.isSilent = true;
    this.fail(this.#silence(this.heartbeats.silentMs, this.heartbeats.count > 0));
  }

  fail(error: unknown): void {
    this.close({ error });
  }

  end(): void {
    this.close("ended");
  }

  /** Ends it, unless it has been told to end before. */
  close(outcome: NonNullable<RunningAttempt["outcome"]>): void {
    if (this.outcome) return;
    this.outcome = outcome;
    this.heartbeats.stop();
    this.#abort.abort();
  }
}

function silentFor(ms: number, isStalled: boolean): Error {
  const what = isStalled ? "It has been silent" : "It has not delivered anything";
  return new Error(`${what} for ${(ms / 1000).toFixed(1)} s.`);
}
