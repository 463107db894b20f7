import { within } from "../base/abort.ts";
import { failureOfProgram } from "../base/disconnection.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { FrameSource } from "../frames/frame-source.ts";
import type { ChildState } from "../processes/supervised-process.ts";
import { MJPEGStream } from "../streams/mjpeg-stream.ts";
import { feed, type SourceRunner } from "../streams/source-runner.ts";

/** How a pipeline that runs once has ended: by itself, by a failure, or because it was stopped. */
export interface PipelineEnd {
  readonly why: "eos" | "error" | "stopped";
  /** Why it failed. */
  readonly error?: ThingError;
}

/** Who wants to know how a pipeline that runs once is over, and what may stop it. */
export interface PipelineAppOptions {
  /** Called with the app's cameras before the program starts: a reader that begins here also gets the first frame. */
  readonly onCameras?: ((cameras: ReadonlyMap<string, MJPEGStream>) => void) | undefined;
  /** Called when it has ended by itself. */
  readonly onEos?: (() => void) | undefined;
  /** Called with the reason when it has failed. */
  readonly onError?: ((error: ThingError) => void) | undefined;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
  readonly log?: Log | undefined;
}

/** What runs once under an app. */
interface RunsOnce {
  readonly cameras: ReadonlyMap<string, FrameSource>;
  readonly failure: ThingError | undefined;
  onState(listener: (state: ChildState) => void): () => void;
  hold(): () => Promise<void>;
  end(): Promise<void>;
}

const LAST_FRAMES_MS = 2000;

/** A pipeline that runs once, in the background: pythiags' Standalone. */
export class PipelineApp<P extends RunsOnce = RunsOnce> implements AsyncDisposable {
  readonly pipeline: P;
  /** A stream for each tee, by its name: what viewers, recorders and probes take for a camera. */
  readonly cameras: ReadonlyMap<string, MJPEGStream>;
  /** Resolves when it is over and the streams have stopped. Never rejects. */
  readonly ended: Promise<PipelineEnd>;
  /** Resolves at its first frame, or when it is over; at once where it has no cameras. */
  readonly begun: Promise<void>;
  readonly #log: Log;
  readonly #feedings: readonly (readonly [MJPEGStream, SourceRunner])[];

  constructor(pipeline: P, options: PipelineAppOptions = {}) {
    const { onCameras, onEos, onError, signal, log = silentLog } = options;
    this.pipeline = pipeline;
    this.#log = log;
    this.#feedings = [...pipeline.cameras].map(([name, source]) => {
      const stream = new MJPEGStream({ name, log });
      // The pipeline itself sees when it is silent.
      const patience = { startMs: Number.POSITIVE_INFINITY, silenceMs: 0 };
      return [stream, feed(stream, source, { ...patience, once: true, log })] as const;
    });
    this.cameras = new Map(this.#feedings.map(([stream]) => [stream.name, stream]));
    const over = this.#whenOver();
    this.begun = this.#whenBegun(over);
    this.ended = over.then((end) => this.#finish(end));
    if (onEos) this.onEos(onEos);
    if (onError) this.onError(onError);
    const stop = () => void this.stop();
    signal?.addEventListener("abort", stop, { once: true });
    void this.ended.then(() => signal?.removeEventListener("abort", stop));
    onCameras?.(this.cameras);
    pipeline.hold(); // to its end
    if (signal?.aborted) stop();
  }

  /** Calls `listener` when it has come to its end; of one that has already, soon. */
  onEos(listener: () => void): void {
    this.#whenEnded(({ why }) => why === "eos" && listener());
  }

  /** Calls `listener` with the reason when it has failed; of one that has already, soon. */
  onError(listener: (error: ThingError) => void): void {
    this.#whenEnded(({ error }) => error && listener(error));
  }

  /** Ends it in order, whoever reads its cameras. Resolves when the program is gone. */
  async stop(): Promise<void> {
    await this.pipeline.end();
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** A failing listener does not affect the others. */
  #whenEnded(listener: (end: PipelineEnd) => unknown): void {
    this.ended.then(listener).catch((error) => {
      this.#log.error(`A listener of this pipeline failed: ${messageOf(error)}`);
    });
  }

  #whenOver(): Promise<PipelineEnd> {
    return new Promise((resolve) => {
      this.pipeline.onState(({ phase, reason = "No reason was reported." }) => {
        if (phase === "ended") resolve({ why: "eos" });
        if (phase === "stopped") resolve({ why: "stopped" });
        if (phase === "failed") {
          resolve({ why: "error", error: failureOfProgram(reason) });
        }
      });
    });
  }

  async #whenBegun(over: Promise<unknown>): Promise<void> {
    if (this.cameras.size === 0) return;
    const running = new Promise<void>((resolve) => {
      this.pipeline.onState(({ phase }) => phase === "running" && resolve());
    });
    await Promise.race([running, over]);
  }

  /** Gives the last frames to who reads them, and stops the streams. */
  async #finish(end: PipelineEnd): Promise<PipelineEnd> {
    const late = () => new ThingError("SOURCE_FAILED", "The last frames were not read in time.");
    await Promise.all(
      this.#feedings.map(async ([stream, feeding]) => {
        const isRead = feeding.state !== "idle";
        if (isRead) await within(feeding.ended, LAST_FRAMES_MS, late).catch(() => {});
        await feeding.stop();
        stream.stop();
      }),
    );
    return end;
  }
}
