import { setMaxListeners } from "node:events";
import { abortable } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { Heartbeats } from "../base/heartbeats.ts";
import { systemTimers, type Timers } from "../base/timers.ts";
import { type FaultNotes, runAsThing } from "./running.ts";
import { isThenable } from "./thing-faults.ts";

/** Somebody waits for the answer: the process does not end before the time is over. */
const FOREGROUND: Timers = {
  now: systemTimers.now,
  after: (ms, callback) => systemTimers.after(ms, callback),
};

/** Calls of one Thing's code that may ask its device: each has a limit of time and a signal, and all end when the Thing closes. */
export class DeviceCalls {
  readonly #faults: FaultNotes;
  readonly #waiting = new Set<AbortController>();

  constructor(faults: FaultNotes) {
    this.#faults = faults;
  }

  /**
   * What `ask` returns; if that is a promise, one that rejects as soon as the signal that `ask` gets aborts, whatever the device does.
   * @param gone - Aborts when nobody wants the answer any more.
   */
  call(ask: (signal: AbortSignal) => unknown, withinMs: number, gone?: AbortSignal): unknown {
    const abort = new AbortController();
    this.#waiting.add(abort); // what it asks for first may close the Thing
    let value: unknown;
    try {
      value = runAsThing(this.#faults, () => ask(abort.signal));
    } finally {
      if (!isThenable(value)) this.#waiting.delete(abort);
    }
    return isThenable(value) ? this.settled(value, withinMs, { abort, gone }) : value;
  }

  /** Aborts all that is under way. */
  end(reason: unknown): void {
    for (const abort of [...this.#waiting]) this.#abort(abort, reason);
  }

  /** What a promise settles to in that time. */
  async settled(
    value: PromiseLike<unknown>,
    withinMs: number,
    {
      abort = new AbortController(),
      gone,
    }: { abort?: AbortController; gone?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    const leave = () => this.#abort(abort, gone?.reason);
    const onLate = () => this.#abort(abort, late(withinMs));
    const silence = new Heartbeats({ startMs: withinMs }, onLate, FOREGROUND);
    this.#waiting.add(abort);
    if (gone) setMaxListeners(0, gone); // a request for all properties has one signal for as many as there are
    gone?.addEventListener("abort", leave, { once: true });
    if (gone?.aborted) leave();
    try {
      return await abortable(Promise.resolve(value), abort.signal);
    } finally {
      silence.stop();
      gone?.removeEventListener("abort", leave);
      this.#waiting.delete(abort);
    }
  }

  /** Those who listen to the signal are the Thing's: what they throw is its fault. */
  #abort(abort: AbortController, reason: unknown): void {
    runAsThing(this.#faults, () => abort.abort(reason));
  }
}

function late(ms: number): ThingError {
  return new ThingError(
    "NOT_READY",
    `It did not answer within ${Number((ms / 1000).toPrecision(3))} s.`,
  );
}
