import { abortable } from "../base/abort.ts";
import type { Attempt } from "../base/attempt.ts";
import { now } from "../base/clock.ts";
import { deviceTrouble } from "../base/device-trouble.ts";
import { isDisconnection } from "../base/disconnection.ts";
import { messageOf, ThingError } from "../base/errors.ts";
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
import { SourceSink } from "./source-sink.ts";
import type { SourcePhase, SourceState } from "./source-state.ts";
import { SourceWarnings } from "./source-warnings.ts";

const LONGEST_BACK_OFF_MS = 2000;
/** However often it is asked for, two attempts do not begin within this time. */
const BETWEEN_ATTEMPTS_MS = 500;
/** A source that gave frames for so long ran well: one that dies after its first frame is in the same trouble as before. */
const GOOD_AFTER_MS = 1000;
/** A source that has given nothing but pictures that are no frames for so long has failed, ms. */
const ALL_REFUSED_MS = 2000;
const LONGEST_END_MS = 2500;
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
  /** Whether no frame has come since it failed, or since it began. */
  #isOut = false;
  /** Since when the present attempt has given nothing but pictures that are no frames. */
  #refusedAt: number | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(stream: MJPEGStream, source: FrameSource, options: FeedOptions = {}) {
    if (!stream.streaming) stream.reset();
    if (options.log) stream.log = options.log;
    this.#stream = stream;
    this.#source = runningSource(source);
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#warnings = new SourceWarnings(this.#log);
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
      ...{ pauses: { firstMs, longestMs }, betweenMs: BETWEEN_ATTEMPTS_MS },
      ...{ goodAfterMs: GOOD_AFTER_MS, goodAfterHeartbeats: 2 },
      ...{ mayEnd: options.once, mostFailures: options.once ? 1 : undefined },
      endMs: LONGEST_END_MS,
      onStuck: () => this.#log.error(STAYS_BUSY),
      silence: (ms, isStalled) => this.#silent(ms, isStalled),
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
    this.#state.begins();
    this.#supervisor.retry();
  }

  /** One life of the source; it settles when the device is closed. */
  async #run(attempt: Attempt): Promise<void> {
    this.#refusedAt = undefined;
    const isOnce = this.#options.once ?? false;
    const sink = new SourceSink(this.#stream, attempt, {
      take: (frame) => this.#take(frame, attempt),
      stopped: () => (isOnce ? attempt.end() : attempt.fail(failed(ENDED))),
    });
    await runAs(this.#owner, () => this.#source.run(sink, attempt.signal));
    if (!isOnce) throw failed(ENDED);
  }

  #silent(ms: number, isStalled: boolean): ThingError {
    if (this.#refusedAt !== undefined) return this.#allRefused(ms);
    const what = isStalled ? "frames stopped coming" : "no first frame came";
    const sentence = `The source is open but silent: ${what} for ${secondsOf(ms)} s.`;
    return failed(`${sentence} ${this.#options.silence?.() ?? "Check the camera and its cable."}`);
  }

  #allRefused(ms: number): ThingError {
    const { why = "they are not JPEGs." } =
      this.#stream.pendingLosses.findLast(({ what }) => what === "refused") ?? {};
    return failed(`All pictures of the source were refused for ${secondsOf(ms)} s: ${why}`);
  }

  #take({ jpeg, sent: _, ...about }: SourceFrame, attempt: Attempt): boolean {
    const isFirst = this.#state.state !== "streaming";
    if (isFirst && this.#stream.lastFrameIndex >= 0) this.#stream.reset();
    const frame = this.#stream.offerFrame(jpeg, about);
    if (!frame) this.#noteRefusal(attempt);
    else this.#refusedAt = undefined;
    if (frame && isFirst) this.#delivers();
    return frame !== undefined;
  }

  #noteRefusal(attempt: Attempt): void {
    this.#refusedAt ??= now();
    const ms = now() - this.#refusedAt;
    if (ms >= ALL_REFUSED_MS) attempt.fail(this.#allRefused(ms));
  }

  #delivers(): void {
    this.#isOut = false;
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
    if (!this.#isOut) this.#stream.noteLoss({ what: "outage", count: 0, why: reason });
    this.#isOut = true;
    const other = isDisconnection(error) ? "disconnected" : "failed";
    this.#state.fails(isStalled ? "stalled" : other, reason);
    this.#warnings.warn(reason);
    if (this.#stream.placeholder?.reason !== reason) void this.#showPlaceholder(reason);
  }

  /** Shows a picture that says why there are no frames, if that is so when it has been made. */
  async #showPlaceholder(reason: string): Promise<void> {
    const { signal } = this.#stopped;
    try {
      const making = Promise.resolve(this.#options.placeholder?.(reason));
      const picture = await abortable(making, signal);
      const isSo = this.#supervisor.status.reason === reason && this.#stream.streaming;
      if (picture && isSo) this.#stream.showPlaceholder(picture, reason);
    } catch (cause) {
      if (signal.aborted) return;
      this.#log.warn(`The placeholder picture could not be made: ${messageOf(cause)}`);
    }
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

function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function failed(sentence: string): ThingError {
  return new ThingError("SOURCE_FAILED", sentence);
}
