import type { Attempt } from "../base/attempt.ts";
import { reasonOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { type SupervisedState, Supervisor } from "../base/supervise.ts";
import { Child, type Command, type Exit } from "./child.ts";
import { startFailure } from "./start-failure.ts";

/**
 * What a supervised program is doing. `failed` means: it ended, or hung, and is started again after a pause, unless it runs once;
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

interface SupervisedProcessOptions {
  /** Descriptors that it writes to and we read. */
  readonly outputs: readonly number[];
  /** For a program that is fed: `child.input`. */
  readonly input?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly onErrorLine?: (line: string) => void;
  /** Called at each start: read `child.output(fd)` and call `heartbeat()` whenever something whole has come, or was taken. */
  readonly onStart: (child: Child) => void;
  readonly onState?: ((state: ChildState) => void) | undefined;
  /** Turns an end into one sentence. */
  readonly explain?: (exit: Exit, errorLines: readonly string[]) => string;
  /** What it did not do when it was silent, in its sentence: `gave no frame`. */
  readonly silence?: string;
  /** Longest time from a start to the first heartbeat, ms. */
  readonly startMs?: number | undefined;
  /** Longest silence, ms; without it 5 periods, and 1 s at least. */
  readonly stallMs?: number | undefined;
  /** True: when it ends, fails or is stopped, it has finished; nothing starts it again. */
  readonly once?: boolean | undefined;
  readonly log?: Log | undefined;
}

const START_MS = 10_000;
const SHORTEST_STALL_MS = 1000;
const PERIODS = 5;
const PAUSES = { firstMs: 250, longestMs: 10_000 };
const HEARTBEATS_OF_A_GOOD_RUN = 5;

/** A program that is kept running: started again with growing pauses when it ends, killed and started again when it hangs. */
export class SupervisedProcess {
  readonly #command: Command;
  readonly #options: SupervisedProcessOptions;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  #attempt: Attempt | undefined;
  #child: Child | undefined;
  #state: ChildState = { phase: "stopped", restarts: 0, errorLines: [] };
  /** How a program that runs once has finished, as far as that is known. */
  #end: Pick<ChildState, "phase" | "reason"> = { phase: "stopped" };

  constructor(command: Command, options: SupervisedProcessOptions) {
    const { startMs = START_MS, stallMs, once, silence = "gave no frame" } = options;
    this.#command = command;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#supervisor = new Supervisor((attempt) => this.#run(attempt), {
      startMs,
      ...{ silenceMs: stallMs ?? SHORTEST_STALL_MS, periods: stallMs === undefined ? PERIODS : 0 },
      silence: (ms) => {
        const seconds = (ms / 1000).toFixed(1);
        return new Error(`${command.program} ${silence} for ${seconds} s and was ended.`);
      },
      ...{ pauses: PAUSES, goodAfterHeartbeats: HEARTBEATS_OF_A_GOOD_RUN },
      ...{ mayEnd: once, mostFailures: once ? 1 : undefined },
      onState: ({ state }) => this.#follow(state),
      onFailure: ({ reason }) => this.#fail(reason),
    });
  }

  get state(): ChildState {
    return this.#child ? { ...this.#state, errorLines: this.#child.errorLines } : this.#state;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether nothing starts it again. */
  get finished(): boolean {
    return this.#supervisor.status.state === "finished";
  }

  /** Starts it, after the end of an earlier run, and keeps it running until `stop`. */
  start(): void {
    this.#supervisor.forget();
    this.#supervisor.start();
  }

  /** Ends it in order. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#state.phase === "stopped") return;
    await (this.#options.once ? this.#supervisor.close() : this.#supervisor.stop());
  }

  /** Ends it in order and starts it again at once, without the pause that a failure has. */
  restart(): void {
    if (this.#state.phase === "stopped" || this.finished) return;
    this.#setState({ phase: "starting", restarts: this.#state.restarts + 1 });
    this.#supervisor.forget();
    this.#supervisor.restart();
  }

  /** It hangs: ends it at once; it is started again like one that failed. */
  hung(): void {
    this.#attempt?.hang();
  }

  /** Something whole has come from it, a frame for instance: it lives. */
  heartbeat(): void {
    this.#attempt?.heartbeat();
  }

  /** One life of it, until its pipes are closed. */
  async #run(attempt: Attempt): Promise<void> {
    this.#attempt = attempt;
    const child = this.#spawn();
    this.#child = child;
    attempt.signal.addEventListener("abort", () => {
      if (attempt.isSilent) child.kill();
      else void child.stop();
    });
    const exit = await child.ended;
    this.#child = undefined;
    this.#state = { ...this.#state, errorLines: child.errorLines };
    const { explain = this.#explain, once } = this.#options;
    const reason = explain(exit, child.errorLines);
    if (!once || exit.code !== 0) throw new Error(reason);
    if (!attempt.signal.aborted) this.#end = { phase: "ended", reason };
  }

  #spawn(): Child {
    let child: Child | undefined;
    try {
      child = new Child(this.#command, { ...this.#options, log: this.#log });
      if (child.pid !== undefined) this.#options.onStart(child);
      return child;
    } catch (error) {
      child?.kill();
      throw new Error(`${this.#command.program} could not be started: ${reasonOf(error)}.`);
    }
  }

  readonly #explain = (exit: Exit, errorLines: readonly string[]): string =>
    endSentence(this.#command.program, exit, errorLines);

  #follow(state: SupervisedState): void {
    if (state === "starting" || state === "running") this.#setState({ phase: state });
    else if (state === "idle") this.#setState({ phase: "stopped" });
    else if (state === "finished") this.#setState(this.#end);
  }

  #fail(reason: string): void {
    this.#end = { phase: "failed", reason };
    if (this.#options.once) return; // it is told when it has finished
    this.#setState({ ...this.#end, restarts: this.#state.restarts + 1 });
    this.#log.warn(reason);
  }

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
