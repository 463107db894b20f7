import { delay, ignoreAbort } from "../base/abort.ts";
import { reasonOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { BackOff } from "./back-off.ts";
import { Child, type Command, type Exit } from "./child.ts";
import { startFailure } from "./start-failure.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * What a kept program is doing. `failed` means: it ended, or hung, and is started again after a wait, unless it runs once;
 * `ended`: it runs once, and came to its end by itself.
 */
export interface ChildState {
  readonly phase: "stopped" | "starting" | "running" | "failed" | "ended";
  /** One sentence: why it ended or failed last; kept while it runs again. */
  readonly reason?: string | undefined;
  /** How often it ended or hung, or was asked to start again. */
  readonly restarts: number;
  /** The last lines of its error output. */
  readonly errorLines: readonly string[];
}

interface KeptChildOptions {
  /** Descriptors that it writes to and we read. */
  readonly outputs: readonly number[];
  /** For a program that is fed: `child.input`. */
  readonly input?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly onErrorLine?: (line: string) => void;
  /** Called at each start: read `child.output(fd)` and call `beat()` whenever something whole has come, or was taken. */
  readonly onStart: (child: Child) => void;
  readonly onState?: ((state: ChildState) => void) | undefined;
  /** Turns an end into one sentence. */
  readonly explain?: (exit: Exit, errorLines: readonly string[]) => string;
  /** What it did not do when it was silent, in its sentence: `gave no frame`. */
  readonly silence?: string;
  /** Longest time from a start to the first beat, ms. */
  readonly startMs?: number | undefined;
  /** Longest silence, ms; without it 5 periods, and 1 s at least. */
  readonly stallMs?: number | undefined;
  /** True: when it ends, fails or is stopped, it is over; nothing starts it again. */
  readonly once?: boolean | undefined;
  readonly log?: Log | undefined;
}

/** How one run of a program ended. */
interface Ending {
  readonly reason: string;
  /** By itself, with code 0. */
  readonly isGood: boolean;
}

const START_MS = 10_000;
const BEATS_OF_A_GOOD_RUN = 5;

/** A program that is kept running: started again with growing waits when it ends, killed and started again when it hangs. */
export class KeptChild {
  readonly #command: Command;
  readonly #options: KeptChildOptions;
  readonly #log: Log;
  readonly #backOff = new BackOff();
  #keeping: { controller: AbortController; done: Promise<void> } | undefined;
  #child: Child | undefined;
  #watchdog: Watchdog | undefined;
  #beats = 0;
  #lastBeat = 0;
  #silentSince: number | undefined;
  #restartAsked = false;
  #over = false;
  #wake: AbortController | undefined;
  #state: ChildState = { phase: "stopped", restarts: 0, errorLines: [] };

  constructor(command: Command, options: KeptChildOptions) {
    this.#command = command;
    this.#options = options;
    this.#log = options.log ?? silentLog;
  }

  get state(): ChildState {
    return this.#child ? { ...this.#state, errorLines: this.#child.errorLines } : this.#state;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether nothing starts it again. */
  get over(): boolean {
    return this.#over;
  }

  /** Starts it, after the end of an earlier run, and keeps it running until `stop`. */
  start(): void {
    const earlier = this.#keeping;
    if (this.#over) return;
    if (earlier && !earlier.controller.signal.aborted) return;
    const controller = new AbortController();
    this.#backOff.reset();
    this.#setState({ phase: "starting" });
    this.#keeping = { controller, done: this.#keep(controller.signal, earlier?.done) };
  }

  /** Ends it in order. Resolves when it is gone. */
  async stop(): Promise<void> {
    const keeping = this.#keeping;
    if (!keeping) return;
    keeping.controller.abort();
    await keeping.done;
    if (this.#keeping !== keeping) return;
    this.#keeping = undefined;
    if (this.#over) return;
    this.#over = this.#options.once ?? false;
    this.#setState({ phase: "stopped" });
  }

  /** Ends it in order and starts it again at once, without the wait that a failure has. */
  restart(): void {
    if (!this.#keeping) return;
    this.#restartAsked = true;
    this.#setState({ phase: "starting", restarts: this.#state.restarts + 1 });
    this.#backOff.reset();
    this.#wake?.abort();
    void this.#child?.stop();
  }

  /** It hangs: ends it at once; it is started again like one that failed. */
  hung(): void {
    this.#silentSince ??= this.#lastBeat;
    this.#child?.kill();
  }

  /** Something whole has come from it, a frame for instance: it lives. */
  beat(): void {
    this.#beats++;
    this.#watchdog?.beat();
    this.#lastBeat = performance.now();
    if (this.#beats === 1) this.#setState({ phase: "running" });
    if (this.#beats === BEATS_OF_A_GOOD_RUN) this.#backOff.reset();
  }

  async #keep(signal: AbortSignal, earlier?: Promise<void>): Promise<void> {
    await earlier;
    while (!signal.aborted) {
      this.#restartAsked = false;
      const { reason, isGood } = await this.#runOnce(signal);
      if (signal.aborted && this.#silentSince === undefined) return;
      if (!this.#restartAsked) {
        if (this.#options.once) return this.#end(isGood ? "ended" : "failed", reason);
        const restarts = this.#state.restarts + 1;
        this.#setState({ phase: "failed", reason, restarts });
        this.#log.warn(reason);
        this.#wake = new AbortController();
        const either = AbortSignal.any([signal, this.#wake.signal]);
        await delay(this.#backOff.next(), either).catch(ignoreAbort);
        if (signal.aborted) return;
      }
      this.#setState({ phase: "starting" });
    }
  }

  #end(phase: "ended" | "failed", reason: string): void {
    this.#over = true;
    this.#setState({ phase, reason });
  }

  async #runOnce(signal: AbortSignal): Promise<Ending> {
    this.#beats = 0;
    this.#lastBeat = performance.now();
    this.#silentSince = undefined;
    const child = this.#spawn();
    if (typeof child === "string") return { reason: child, isGood: false };
    this.#child = child;
    this.#watchdog = new Watchdog({
      startMs: this.#options.startMs ?? START_MS,
      stallMs: this.#options.stallMs,
      onSilent: () => this.hung(),
    });
    const stop = () => void child.stop();
    signal.addEventListener("abort", stop, { once: true });
    const exit = await child.ended;
    signal.removeEventListener("abort", stop);
    this.#watchdog.stop();
    this.#child = undefined;
    this.#state = { ...this.#state, errorLines: child.errorLines };
    if (this.#silentSince !== undefined) {
      const seconds = ((performance.now() - this.#silentSince) / 1000).toFixed(1);
      const { silence = "gave no frame" } = this.#options;
      const reason = `${this.#command.program} ${silence} for ${seconds} s and was ended.`;
      return { reason, isGood: false };
    }
    const reason = (this.#options.explain ?? this.#explain)(exit, child.errorLines);
    return { reason, isGood: exit.code === 0 };
  }

  #spawn(): Child | string {
    try {
      const child = new Child(this.#command, { ...this.#options, log: this.#log });
      if (child.pid !== undefined) this.#options.onStart(child);
      return child;
    } catch (error) {
      return `${this.#command.program} could not be started: ${reasonOf(error)}.`;
    }
  }

  readonly #explain = (exit: Exit, errorLines: readonly string[]): string =>
    endSentence(this.#command.program, exit, errorLines);

  #setState(change: Pick<ChildState, "phase"> & Partial<ChildState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onState?.(this.state);
  }
}

/** One sentence for the end of a program that nothing more is known of. */
export function endSentence(program: string, exit: Exit, errorLines: readonly string[]): string {
  const last = errorLines.at(-1);
  const words = last ? ` Its last words: ${last}` : "";
  if (exit.error) return startFailure(program, exit.error).message;
  if (exit.signal) return `${program} was ended by ${exit.signal}.${words}`;
  return `${program} ended with code ${exit.code}.${words}`;
}
