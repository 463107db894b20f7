import { failureOfProgram } from "../base/disconnection.ts";
import { ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { RunningSource } from "../frames/frame-source.ts";
import type { Child, Exit } from "../processes/child.ts";
import { type ChildState, SupervisedProcess } from "../processes/supervised-process.ts";
import { type Picture, pictureReader } from "./framing.ts";
import { PipelineApp, type PipelineAppOptions } from "./pipeline-app.ts";
import {
  type PipelineCommand,
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "./pipeline-command.ts";
import { explainPipelineEnd } from "./pipeline-failure.ts";
import { PtsClock } from "./pts-clock.ts";
import { Tap } from "./tap.ts";

const HANGS_AFTER_MS = 500;
const NO_WATCH = { startMs: Number.POSITIVE_INFINITY, stallMs: Number.POSITIVE_INFINITY };

/** What a source is doing, and why it failed last. */
type SourceState = ChildState;

/** Time limits of a pipeline, and its log. */
export interface PipelineOptions {
  /** Longest time from a start to the first frame, ms; 10,000 by default. */
  readonly startMs?: number | undefined;
  /** Longest time without a frame, ms; by default 5 periods, and 1 s at least. */
  readonly stallMs?: number | undefined;
  /** True: when the program ends, fails or is stopped, it is over; nothing starts it again. */
  readonly once?: boolean | undefined;
  /** The error for an end of the program that its author knows, by its exit or its error output; undefined for any other. */
  readonly explain?:
    | ((exit: Exit, errorLines: readonly string[]) => ThingError | undefined)
    | undefined;
  readonly log?: Log | undefined;
}

/** How a pipeline is run once. */
export interface RunOptions extends Omit<PipelineOptions, "once">, PipelineAppOptions {
  /** False: the call waits until it is over, and rejects when it has failed. True when absent. */
  readonly background?: boolean | undefined;
}

/**
 * A program that outputs pictures of one or several cameras. It runs while any of them is read or `hold` is held, and is killed
 * when it hangs. When it ends, readers get the reason as an error and may read again; while it is held, it is restarted
 * automatically.
 */
export class Pipeline {
  /** One source for each camera of the pipeline, by the camera's name. */
  readonly cameras: ReadonlyMap<string, RunningSource>;
  readonly command: PipelineCommand;
  /** Whether it is over when its program ends. */
  readonly once: boolean;
  readonly #process: SupervisedProcess;
  readonly #taps: readonly Tap[];
  readonly #listeners = new Set<(state: SourceState) => void>();
  readonly #log: Log;
  static #running = false;
  #holders = 0;
  #lastPicture = 0;
  /** The last end, where its author knows it. */
  #known: ThingError | undefined;

  /**
   * Runs a pipeline once, to its end: pythiags' `Standalone.build_and_run`. One that has no output for pictures is run all
   * the same, without cameras.
   *
   * @param text - GStreamer's text, or what `pipelineCommand` takes.
   * @returns The app, once its first frame has come; with `background: false` once it is over.
   * @throws {ThingError} `LOCK_BUSY` while another one runs; `BAD_CONFIG`, `BAD_ARGUMENT` or `PROGRAM_MISSING` for a text
   * that cannot be run; `SOURCE_FAILED` with the reason when it failed before.
   */
  static async run(
    text: string | PipelineText,
    { background = true, startMs, stallMs, ...options }: RunOptions = {},
  ): Promise<PipelineApp<Pipeline>> {
    if (Pipeline.#running) {
      const others = "Stop it first (app.stop()), or create several with new Pipeline(...)";
      throw new ThingError("LOCK_BUSY", `A pipeline is running already. ${others}.`);
    }
    Pipeline.#running = true;
    try {
      const given = typeof text === "string" ? { pipeline: text } : text;
      const command = await pipelineCommand({ ...given, headless: given.headless ?? "auto" });
      await requireInstalled(command);
      const patience = command.outputs.length > 0 ? { startMs, stallMs } : NO_WATCH;
      const pipeline = new Pipeline(command, { ...patience, once: true, log: options.log });
      const app = new PipelineApp(pipeline, options);
      await (background ? app.begun : app.ended);
      if (pipeline.failure) throw pipeline.failure;
      void app.ended.then(() => (Pipeline.#running = false));
      return app;
    } catch (error) {
      Pipeline.#running = false;
      throw error;
    }
  }

  constructor(command: PipelineCommand, options: PipelineOptions = {}) {
    this.command = command;
    this.once = options.once ?? false;
    this.#log = options.log ?? silentLog;
    this.#taps = command.outputs.map((output) => new Tap(output, this));
    this.cameras = new Map(this.#taps.map((tap) => [tap.output.camera, tap]));
    this.#process = new SupervisedProcess(command, {
      outputs: command.outputs.map(({ fd }) => fd),
      onStart: (child) => this.#read(child),
      onState: (state) => this.#tell(state),
      explain: (exit, errorLines) => {
        this.#known = options.explain?.(exit, errorLines);
        return this.#known?.message ?? explainPipelineEnd(command.program, exit, errorLines);
      },
      startMs: options.startMs,
      stallMs: options.stallMs,
      once: this.once,
      log: this.#log,
    });
  }

  get state(): SourceState {
    return this.#process.state;
  }

  /** The process id while the program runs. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Calls `listener` at each change of the state. @returns A function that ends it. */
  onState(listener: (state: SourceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Restarts the program; readers get an error and may read again. Has no effect unless it runs. */
  restart(): void {
    this.#process.restart();
    this.#fail("The pipeline is being restarted, as requested.");
  }

  /** Keeps the program running, whether a camera is read or not. @returns A function that releases it; resolves when the program has ended, unless it is still held. */
  hold(): () => Promise<void> {
    this.#holders++;
    this.#process.start();
    let held = true;
    return async () => {
      if (!held) return;
      held = false;
      this.#holders--;
      if (this.#holders === 0) await this.#process.stop();
    };
  }

  /** Ends the program gracefully: readers reach the end of their frames. */
  async end(): Promise<void> {
    await this.#process.stop();
    for (const tap of this.#taps) tap.end();
  }

  /** The error, for one that failed and is over; `undefined` for one that ended well or still runs. */
  get failure(): ThingError | undefined {
    const { phase, reason = "It failed." } = this.state;
    return this.finished && phase === "failed" ? failureOfProgram(reason) : undefined;
  }

  /** Whether it ran once and is over. */
  get finished(): boolean {
    return this.#process.finished;
  }

  /** The reader of one camera found it silent: if all are, the program hangs. */
  silent(): void {
    if (performance.now() - this.#lastPicture > HANGS_AFTER_MS) this.#process.hung();
  }

  #fail(reason: string): void {
    const error = this.#known?.message === reason ? this.#known : failureOfProgram(reason);
    for (const tap of this.#taps) tap.fail(error);
  }

  #tell(state: SourceState): void {
    if (state.phase === "failed") this.#fail(state.reason ?? "The pipeline failed.");
    if (state.phase === "ended") for (const tap of this.#taps) tap.end();
    for (const listener of this.#listeners) listener(state);
  }

  #read(child: Child): void {
    const clock = new PtsClock();
    for (const tap of this.#taps) {
      tap.restarted(clock);
      const reader = pictureReader(tap.output.framing, {
        memoryFor: (bytes) => tap.room(bytes),
        onPicture: (picture) => this.#take(tap, picture),
      });
      child.receive(tap.output.fd, reader, (error) => this.#giveUp(child, error));
    }
  }

  /** Where the next picture begins is not known any more. */
  #giveUp(child: Child, { message }: Error): void {
    this.#log.warn(`The output of ${this.command.program} is invalid: ${message}`);
    child.kill();
  }

  #take(tap: Tap, picture: Picture): void {
    this.#lastPicture = performance.now();
    this.#process.heartbeat();
    tap.take(picture);
  }
}
