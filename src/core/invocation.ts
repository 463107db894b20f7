import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { now, toDateTime } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, type LogLevel, logTo } from "../base/log.ts";

/** What a running action sees of its run. Hand it on to the actions that it calls: they share log, signal and lock. */
export interface Invocation {
  readonly id: string;
  /** Aborts when the run is cancelled. Every wait in an action takes it. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** How far the run is, 0 to 1, and in words. */
  progress(fraction: number, message?: string): void;
}

export type InvocationStatus = "pending" | "running" | "completed" | "error" | "cancelled";

/** One line of a run's log, with LabThings' field names. */
export interface LogRecord {
  readonly message: string;
  readonly levelname: string;
  readonly levelno: number;
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly filename: string;
  readonly lineno: number;
  readonly exception_type: string | null;
  readonly traceback: string | null;
}

const LEVELS: Record<LogLevel, [name: string, number: number]> = {
  debug: ["DEBUG", 10],
  info: ["INFO", 20],
  warn: ["WARNING", 30],
  error: ["ERROR", 40],
};
const LINES_KEPT = 1000;

/** One run of an action, from the request until it is forgotten. */
export class InvocationRecord {
  readonly id = randomUUID();
  readonly thing: string;
  readonly action: string;
  readonly input: unknown;
  /** Epoch ms. */
  readonly timeRequested = now();
  timeStarted: number | undefined;
  timeEnded: number | undefined;
  status: InvocationStatus = "pending";
  output: unknown;
  error: Error | undefined;
  progress: { fraction: number; message?: string } | undefined;
  readonly log: LogRecord[] = [];
  /** What the action gets as its second argument. */
  readonly context: Invocation;
  #abort: AbortController | undefined;
  #contextLog: Log | undefined;
  #cancelledWith: DOMException | undefined;
  readonly #ended: Promise<void>;
  #announceEnd: () => void = () => {};
  readonly #onStatus: (record: InvocationRecord) => void;
  readonly #log: Log;

  constructor(
    { thing, action, input }: { thing: string; action: string; input: unknown },
    { log, onStatus = () => {} }: { log: Log; onStatus?: (record: InvocationRecord) => void },
  ) {
    this.thing = thing;
    this.action = action;
    this.input = input;
    this.#onStatus = onStatus;
    this.#log = log;
    this.#ended = new Promise((resolve) => {
      this.#announceEnd = resolve;
    });
    this.context = this.#newContext();
  }

  get finished(): boolean {
    return this.timeEnded !== undefined;
  }

  /** Resolves when the run has ended, however it ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Asks a run that is pending or running to stop; it ends as `cancelled` when its action notices. @throws {ThingError} `NOT_CANCELLABLE` once it has ended. */
  cancel(): void {
    if (this.finished) {
      throw new ThingError(
        "NOT_CANCELLABLE",
        `The invocation ${this.id} of '${this.action}' cannot be cancelled: it has ended already, as '${this.status}'.`,
      );
    }
    this.#cancelledWith ??= new DOMException(
      `The invocation ${this.id} of '${this.action}' was cancelled.`,
      "AbortError",
    );
    this.#abort?.abort(this.#cancelledWith);
  }

  /** Somebody asked it to stop. */
  get isCancelled(): boolean {
    return this.#cancelledWith !== undefined;
  }

  /** @throws {DOMException} `AbortError` once somebody asked it to stop. */
  throwIfCancelled(): void {
    if (this.#cancelledWith) throw this.#cancelledWith;
  }

  start(): void {
    this.timeStarted = now();
    this.#become("running");
  }

  complete(output: unknown): void {
    this.output = output;
    this.#end("completed");
  }

  /** @param level - How much it matters: an action that another one keeps waiting is no fault. */
  fail(error: unknown, level: LogLevel = "error"): void {
    this.error = error instanceof Error ? error : new Error(messageOf(error));
    this.note(level, this.error.message, this.error);
    const { traceback: stack } = this.log.at(-1)!;
    this.#log[level](`Action '${this.action}' failed: ${this.error.message}`, {
      invocation: this.id,
      ...(stack !== null && { stack }),
    });
    this.#end("error");
  }

  wasCancelled(): void {
    this.error = new ThingError(
      "ACTION_CANCELLED",
      `The invocation ${this.id} of '${this.action}' was cancelled.`,
    );
    this.note("info", `Invocation ${this.id} was cancelled.`);
    this.#end("cancelled");
  }

  /** Adds a line to this run's log; beyond 1000 the oldest go. */
  note(level: LogLevel, message: string, error?: Error): void {
    const [levelname, levelno] = LEVELS[level];
    this.log.push({
      message,
      levelname,
      levelno,
      created: toDateTime(now()),
      filename: this.thing,
      lineno: 0,
      exception_type: error ? error.name : null,
      // A ThingError's sentence says all that a user needs; anything else is a fault that its author must find.
      traceback: error && !(error instanceof ThingError) ? (error.stack ?? null) : null,
    });
    if (this.log.length > LINES_KEPT) this.log.splice(0, this.log.length - LINES_KEPT);
  }

  /** Many actions end before they look at the signal or the log: those are made when one does. */
  #newContext(): Invocation {
    const signal = () => this.#signal();
    const log = () => this.#runLog();
    return {
      id: this.id,
      get signal() {
        return signal();
      },
      get log() {
        return log();
      },
      progress: (fraction, message) => {
        this.progress = {
          fraction: Math.min(1, Math.max(0, fraction)),
          ...(message !== undefined && { message }),
        };
      },
    };
  }

  #runLog(): Log {
    this.#contextLog ??= logTo((level, message, fields) => {
      this.note(level, message);
      this.#log[level](message, { invocation: this.id, ...fields });
    });
    return this.#contextLog;
  }

  #signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#cancelledWith) this.#abort.abort(this.#cancelledWith);
    }
    return this.#abort.signal;
  }

  #end(status: InvocationStatus): void {
    this.timeEnded = now();
    this.#become(status);
    this.#announceEnd();
  }

  #become(status: InvocationStatus): void {
    this.status = status;
    this.#onStatus(this);
  }
}

const current = new AsyncLocalStorage<Invocation>();

/** Runs `work` so that logs written and actions called in it belong to `invocation`. */
export function runIn<T>(invocation: Invocation, work: () => T): T {
  return current.run(invocation, work);
}

/** The invocation that the caller runs in. */
export function currentInvocation(): Invocation | undefined {
  return current.getStore();
}

/** For an action that code calls without saying in which run: the caller's, or one of its own that nothing cancels. */
export function invocationFor(log: Log): Invocation {
  return currentInvocation() ?? detachedInvocation(undefined, log);
}

/** A run outside any server, for scripts and tests: `camera.capture({}, detachedInvocation(signal))`. */
export function detachedInvocation(
  signal: AbortSignal = new AbortController().signal,
  log: Log = logTo(() => {}),
): Invocation {
  return { id: randomUUID(), signal, log, progress() {} };
}

/** A log whose lines are kept with the run in which they are written too. */
export function logWithInvocation(log: Log): Log {
  return logTo(
    (level, message, fields) => (currentInvocation()?.log ?? log)[level](message, fields),
    log.program,
  );
}
