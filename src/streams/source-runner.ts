import type { Attempt } from "../base/attempt.ts";
import { deviceTrouble } from "../base/device-trouble.ts";
import { isDisconnection } from "../base/disconnection.ts";
import { messageOf } from "../base/errors.ts";
import type { Stall } from "../base/heartbeats.ts";
import { type Log, silentLog } from "../base/log.ts";
import { type Failure, type SupervisedState, Supervisor } from "../base/supervise.ts";
import { thrownError } from "../base/thrown.ts";
import { type Running, runAs, running } from "../core/running.ts";
import {
  type FrameSource,
  type RunningSource,
  runningSource,
  type SourceFrame,
} from "../frames/frame-source.ts";
import type { FeedOptions } from "./feed-options.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";
import { SourcePlaceholder } from "./source-placeholder.ts";
import { failed, SourceSilence, secondsOf } from "./source-silence.ts";
import { SourceSink } from "./source-sink.ts";
import type { SourcePhase, SourceState } from "./source-state.ts";
import { SourceWarnings } from "./source-warnings.ts";

const LONGEST_BACK_OFF_MS = 2000;
/** However often it is asked for, two attempts do not begin within this time. */
const BETWEEN_ATTEMPTS_MS = 500;
/** A source that gave frames for so long ran well: one that dies after its first frame is in the same trouble as before. */
const GOOD_AFTER_MS = 1000;
const LONGEST_END_MS = 2500;
/** Silence is told after this time, and five periods, ms: whether the source is given more before it is opened again or not. */
const STALL_MS = 1000;
const ENDED = "The source ended by itself.";
const STAYS_BUSY = "The source did not end when it was told to: its device may stay busy.";

/**
 * Runs `source` into `stream` while the stream's frames are wanted. A source that throws, ends by itself or falls
 * silent is started again after a pause. Each start is a new run of the stream.
 */
export function feed(
  stream: MJPEGStream,
  source: FrameSource,
  options: FeedOptions = {},
): SourceRunner {
  return new SourceRunner(stream, source, options);
}

/** A source that gives its frames to a stream. */
export class SourceRunner {
  readonly #stream: MJPEGStream;
  readonly #source: RunningSource;
  readonly #options: FeedOptions;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  readonly #state: SourceState;
  readonly #endDemand: () => void;
  readonly #endStates: () => void;
  /** On whose behalf the source runs, whoever wants its frames. */
  readonly #owner: Running = running() ?? {};
  readonly #stopped = new AbortController();
  #told = "idle ";
  #keepWarm: boolean;
  readonly #warnings: SourceWarnings;
  readonly #placeholder: SourcePlaceholder;
  /** Whether no frame has come since it failed or stalled, or since it began. */
  #isOut = false;
  /** Of the present attempt. */
  readonly #silence: SourceSilence;
  /** Whether the present attempt has given a frame. */
  #hasBegun = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(stream: MJPEGStream, source: FrameSource, options: FeedOptions = {}) {
    if (!stream.streaming) stream.reset();
    if (options.log) stream.log = options.log;
    this.#stream = stream;
    this.#source = runningSource(source);
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#warnings = new SourceWarnings(this.#log);
    this.#silence = new SourceSilence(stream, options.silence);
    const { signal } = this.#stopped;
    this.#placeholder = new SourcePlaceholder(stream, options.placeholder, this.#log, signal);
    this.#keepWarm = options.keepWarm ?? false;
    this.#state = stream.source;
    this.#supervisor = this.#supervised(options);
    this.#state.feed(
      () => this.#retry(),
      () => this.#wanted,
    );
    this.#endStates = this.#state.onChange(() => this.#tell());
    this.#endDemand = stream.demand.onChange(() => this.#adapt());
    if (this.#wanted) this.#supervisor.start();
  }

  get state(): SourcePhase {
    return this.#state.state;
  }

  /** Why it gives no frames, while it should. */
  get reason(): string | undefined {
    return this.#state.reason;
  }

  get keepWarm(): boolean {
    return this.#keepWarm;
  }

  set keepWarm(keepWarm: boolean) {
    this.#keepWarm = keepWarm;
    this.#adapt();
  }

  /** Resolves when it has finished: it was stopped, or a source that is run once has ended. */
  get ended(): Promise<void> {
    return this.#supervisor.finished;
  }

  /** Ends the source and starts it again without a pause, as where its device has another mode; that is no failure. */
  restart(): void {
    if (this.#state.isFaulty) this.#state.begins();
    this.#supervisor.restart();
  }

  /** Ends the source and resolves when it has released its device. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#supervisor.close();
  }

  #supervised({ startMs = 15_000, silenceMs = 1000, ...options }: FeedOptions): Supervisor {
    const { backOffMs: firstMs = 500, longestBackOffMs: longestMs = LONGEST_BACK_OFF_MS } = options;
    return new Supervisor((attempt) => this.#run(attempt), {
      ...{ startMs, silenceMs: silenceMs || undefined, periods: 5 },
      stallMs: silenceMs > STALL_MS ? STALL_MS : undefined,
      ...{ pauses: { firstMs, longestMs }, betweenMs: BETWEEN_ATTEMPTS_MS },
      ...{ goodAfterMs: GOOD_AFTER_MS, goodAfterHeartbeats: 2 },
      ...{ mayEnd: options.once, mostFailures: options.once ? 1 : undefined },
      endMs: LONGEST_END_MS,
      onStuck: () => this.#log.error(STAYS_BUSY),
      silence: (ms, isStalled) => this.#silence.error(ms, isStalled),
      onStall: (stall) => (stall ? this.#stallSilently(stall) : this.#resume()),
      explain: reasonOf,
      onState: ({ state }) => this.#follow(state),
      onFailure: (failure) => this.#fail(failure),
    });
  }

  get #wanted(): boolean {
    return this.#keepWarm || this.#stream.demand.active;
  }

  /** Starts the source when it is wanted, and ends it when it has not been for a while. */
  #adapt(): void {
    if (this.#wanted) {
      this.#endLinger();
      this.#supervisor.start();
    } else if (this.#supervisor.status.state === "waiting") {
      void this.#supervisor.stop();
    } else {
      const end = () => void this.#supervisor.stop();
      this.#linger ??= setTimeout(end, this.#options.lingerMs ?? 5000).unref();
    }
  }

  #endLinger(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
  }

  /** Somebody asks that it be tried now. */
  #retry(): void {
    const { isOpen } = this.#state;
    this.#state.begins();
    if (isOpen) this.#supervisor.restart();
    else this.#supervisor.retry();
  }

  /** One life of the source; it settles when the device is closed. */
  async #run(attempt: Attempt): Promise<void> {
    this.#silence.begins();
    this.#hasBegun = false;
    const isOnce = this.#options.once ?? false;
    const sink = new SourceSink(this.#stream, attempt, {
      take: (frame) => this.#take(frame, attempt),
      stopped: () => (isOnce ? attempt.end() : attempt.fail(failed(ENDED))),
      stalled: (reason) => this.#stall(reason),
      answered: () => this.#resume(),
    });
    await runAs(this.#owner, () => this.#source.run(sink, attempt.signal));
    if (!isOnce) throw failed(ENDED);
  }

  #take({ jpeg, sent: _, ...about }: SourceFrame, attempt: Attempt): boolean {
    if (!this.#hasBegun && this.#stream.lastFrameIndex >= 0) this.#stream.reset();
    const frame = this.#stream.offerFrame(jpeg, about);
    if (frame) this.#noteFrame();
    const error = frame ? undefined : this.#silence.refuses();
    if (error) attempt.fail(error);
    return frame !== undefined;
  }

  #noteFrame(): void {
    this.#hasBegun = true;
    this.#silence.forget();
    if (this.#state.state !== "streaming") this.#delivers();
  }

  #delivers(): void {
    this.#isOut = false;
    this.#placeholder.forget();
    this.#state.delivers();
  }

  /** What the supervisor does, as viewers are told it. */
  #follow(state: SupervisedState): void {
    if (state === "starting") this.#state.begins();
    else if (state === "idle") this.#state.rests();
    else if (state === "finished") this.#finish();
    else if (state === "waiting" && !this.#wanted) this.#adapt();
    if (state !== "starting" && state !== "running") this.#endLinger();
  }

  #finish(): void {
    this.#endDemand();
    if (!this.#stopped.signal.aborted) this.#stream.stop(); // it ran once
    if (this.#stream.streaming || !this.#state.isFaulty) this.#state.ends();
    this.#endStates();
  }

  #fail({ error, reason, isStalled }: Failure): void {
    const other = isDisconnection(error) ? "disconnected" : "failed";
    this.#noteOutage(reason);
    this.#state.fails(isStalled ? "stalled" : other, reason);
    this.#tellWhy(reason);
  }

  #stallSilently({ silentMs, allowedMs }: Stall): void {
    if (this.#silence.said !== undefined) return;
    const next = ` It is opened again after ${secondsOf(allowedMs)} s.`;
    this.#tellStall(messageOf(this.#silence.error(silentMs, true, next)));
  }

  #stall(reason: string): void {
    this.#silence.said = reason;
    this.#tellStall(reason);
  }

  #tellStall(reason: string): void {
    this.#noteOutage(reason);
    this.#state.stalls(reason);
    this.#tellWhy(reason);
  }

  /** It has come to life again by itself; if by a frame, that has taken the placeholder's place. */
  #resume(): void {
    if (!this.#state.isOpen) return;
    this.#silence.forget();
    this.#delivers();
    if (this.#stream.placeholder) this.#stream.showPlaceholder(undefined);
  }

  #noteOutage(reason: string): void {
    if (!this.#isOut) this.#stream.noteLoss({ what: "outage", count: 0, why: reason });
    this.#isOut = true;
  }

  #tellWhy(reason: string): void {
    this.#warnings.warn(reason);
    this.#placeholder.show(reason);
  }

  #tell(): void {
    const { state, reason } = this.#state;
    const told = `${state} ${reason ?? ""}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onState?.(state, reason);
  }
}

/** Whoever stopped it, it was not its stream: nothing that a viewer knows of was aborted. */
function reasonOf(error: unknown): string {
  if (thrownError(error).name === "AbortError") return ENDED;
  return deviceTrouble(error) ?? messageOf(error);
}
