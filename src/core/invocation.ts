import { randomUUID } from "node:crypto";
import { stopped } from "../base/abort.ts";
import { now, toDateTime, wallTime } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, type LogLevel, logTo } from "../base/log.ts";
import { cut } from "../base/preview.ts";
import { thrownError } from "../base/thrown.ts";
import { InvocationLog, type LogRecord } from "./invocation-log.ts";
import { type FaultNotes, type Invocation, runAs, running } from "./running.ts";
import { sizeOfValue } from "./value-size.ts";

export type { Invocation };

export type InvocationStatus = "pending" | "running" | "completed" | "error" | "cancelled";

/** Of what an action says of its progress: lists of invocations repeat it. */
const LONGEST_PROGRESS = 500; // characters

const LEVELS: Record<LogLevel, [name: string, number: number]> = {
  debug: ["DEBUG", 10],
  info: ["INFO", 20],
  warn: ["WARNING", 30],
  error: ["ERROR", 40],
};

/** One run of an action, from the request until it is forgotten. */
export class InvocationRecord {
  readonly id = randomUUID();
  readonly thing: string;
  readonly action: string;
  /** It stops, cancels or releases something. */
  readonly releases: boolean;
  /** Several clients wait for it: that one goes away does not cancel it. */
  isShared = false;
  /** On the clock of `now()`, as the others. */
  readonly timeRequested = now();
  timeStarted: number | undefined;
  timeEnded: number | undefined;
  status: InvocationStatus = "pending";
  output: unknown;
  error: Error | undefined;
  progress: { fraction: number; message?: string } | undefined;
  /** What the action gets as its second argument. */
  readonly context: Invocation;
  #input: unknown;
  #inputBytes: number | undefined;
  #outputBytes: number | undefined;
  readonly #lines = new InvocationLog();
  #abort: AbortController | undefined;
  #contextLog: Log | undefined;
  #cancelledWith: DOMException | undefined;
  readonly #ended: Promise<void>;
  #announceEnd: () => void = () => {};
  readonly #onStatus: (record: InvocationRecord) => void;
  readonly #log: Log;
  /** Of the Thing whose action it is. */
  readonly #faults: FaultNotes | undefined;

  constructor(
    {
      thing,
      action,
      input,
      releases = false,
    }: { thing: string; action: string; input: unknown; releases?: boolean },
    {
      log,
      faults,
      onStatus = () => {},
    }: { log: Log; faults?: FaultNotes; onStatus?: (record: InvocationRecord) => void },
  ) {
    this.thing = thing;
    this.action = action;
    this.#input = input;
    this.releases = releases;
    this.#onStatus = onStatus;
    this.#log = log;
    this.#faults = faults;
    this.#ended = new Promise((resolve) => {
      this.#announceEnd = resolve;
    });
    this.context = this.#newContext();
  }

  /** What it was run with, or a sentence in its place when that was too large to keep. */
  get input(): unknown {
    return this.#input;
  }

  /** About how much memory the input takes, bytes. */
  get inputBytes(): number {
    this.#inputBytes ??= sizeOfValue(this.#input);
    return this.#inputBytes;
  }

  /** The same of input, output and log, once it has ended. */
  get keptBytes(): number {
    return this.inputBytes + this.outputBytes + this.#lines.characters;
  }

  /** About how much memory the output takes, bytes; 0 until there is one. */
  get outputBytes(): number {
    if (!this.finished) return 0;
    this.#outputBytes ??= sizeOfValue(this.output);
    return this.#outputBytes;
  }

  get log(): readonly LogRecord[] {
    return this.#lines.lines;
  }

  /** Keeps a sentence in the place of the input. */
  dropInput(): void {
    this.#input = `The input, of about ${this.inputBytes} bytes, is no longer kept: the inputs of finished invocations exceeded their limit.`;
    this.#inputBytes = undefined;
  }

  get finished(): boolean {
    return this.timeEnded !== undefined;
  }

  /** Resolves when the run has ended, however it ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Asks a run that is pending or running to stop; it ends as `cancelled` when its action notices.
   * @param isStop - The server or the Thing stops: `isStopped` is true of the reason that the action gets.
   * @throws {ThingError} `NOT_CANCELLABLE` once it has ended.
   */
  cancel(isStop = false): void {
    if (this.finished) {
      throw new ThingError(
        "NOT_CANCELLABLE",
        `The invocation ${this.id} of '${this.action}' cannot be cancelled: it has ended already, as '${this.status}'.`,
      );
    }
    const why = `The invocation ${this.id} of '${this.action}' was cancelled.`;
    this.#cancelledWith ??= isStop ? stopped(why) : new DOMException(why, "AbortError");
    // Those who listen to the signal are the action's: what they throw is its fault, not that of who cancels.
    runAs({ faults: this.#faults, invocation: this.context }, () =>
      this.#abort?.abort(this.#cancelledWith),
    );
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
    this.error = thrownError(error);
    this.note(level, this.error.message, this.error);
    const { traceback: stack } = this.log.at(-1)!;
    this.#log[level](`Action '${this.action}' failed: ${this.error.message}`, {
      invocation: this.id,
      ...(stack !== null && { stack }),
    });
    this.#end("error");
  }

  /** @param reason - Why, where the action cancelled itself. */
  wasCancelled(reason?: string): void {
    const why = reason ? `: ${reason}` : ".";
    this.error = new ThingError(
      "ACTION_CANCELLED",
      `The invocation ${this.id} of '${this.action}' was cancelled${why}`,
    );
    this.note("info", `Invocation ${this.id} was cancelled${why}`);
    this.#end("cancelled");
  }

  /** Adds a line to this run's log. */
  note(level: LogLevel, message: string, error?: Error): void {
    const [levelname, levelno] = LEVELS[level];
    this.#lines.add({
      message: messageOf(message),
      levelname,
      levelno,
      created: toDateTime(wallTime()),
      filename: this.thing,
      lineno: 0,
      exception_type: error ? error.name : null,
      // A ThingError's sentence says all that a user needs; anything else is a fault that its author must find.
      traceback: error && !(error instanceof ThingError) ? (error.stack ?? null) : null,
    });
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
        // Types are not checked where an action is written in JavaScript; what is kept here is told to everybody.
        this.progress = {
          fraction: typeof fraction === "number" ? Math.min(1, Math.max(0, fraction || 0)) : 0,
          ...(message !== undefined && { message: cut(messageOf(message), LONGEST_PROGRESS) }),
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

/** The invocation that the caller runs in. */
export function currentInvocation(): Invocation | undefined {
  return running()?.invocation;
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

/** An action may abort itself, e.g. when the user declines at the instrument. That it took too long is a failure. */
export function isOwnCancellation(error: unknown): boolean {
  if (error instanceof ThingError) return error.code === "ACTION_CANCELLED";
  return error instanceof Error && error.name === "AbortError";
}
