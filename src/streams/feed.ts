import { abortable, delay, ignoreAbort, isAbort, within } from "../base/abort.ts";
import { deviceTrouble } from "../base/device-trouble.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { thrownError } from "../base/thrown.ts";
import {
  type FrameSource,
  type RunningSource,
  runningSource,
  type SourceFrame,
} from "../frames/frame-source.ts";
import type { FeedOptions } from "./feed-options.ts";
import { FeedSink } from "./feed-sink.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";
import { SilenceWatch } from "./silence-watch.ts";
import type { SourcePhase, SourceState } from "./source-state.ts";

/** A source that gives its frames to a stream. */
export interface Feeding {
  readonly state: SourcePhase;
  /** Why it gives no frames, while it should. */
  readonly reason: string | undefined;
  keepWarm: boolean;
  /** Resolves when it is over: it was stopped, or a source that is run once has ended. */
  readonly ended: Promise<void>;
  /** Ends the source and starts it again without a pause, as where its device has another mode; that is no failure. */
  restart(): void;
  /** Ends the source and resolves when it has let go of its device. */
  stop(): Promise<void>;
}

const LONGEST_BACK_OFF_MS = 2000;
/** However often it is asked for, two attempts do not begin within this time. */
const BETWEEN_ATTEMPTS_MS = 500;
const LONGEST_END_MS = 2500;
const ENDED = "The source ended by itself.";
const STAYS_BUSY = "The source did not end when asked: its device may stay busy.";

/**
 * Runs `source` into `stream` while the stream's frames are wanted. A source that throws, ends by itself or falls
 * silent is started again after a pause. Each start is a new run of the stream.
 */
export function feed(stream: MJPEGStream, source: FrameSource, options: FeedOptions = {}): Feeding {
  if (!stream.streaming) stream.reset();
  return new Feeder(stream, source, options);
}

class Feeder implements Feeding {
  readonly #stream: MJPEGStream;
  readonly #source: RunningSource;
  readonly #options: FeedOptions;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  readonly ended: Promise<void>;
  readonly #endDemand: () => void;
  readonly #state: SourceState;
  readonly #endStates: () => void;
  #told = "idle ";
  #keepWarm: boolean;
  #failures = 0;
  #warned = "";
  #begunAt = Number.NEGATIVE_INFINITY;
  #resting = false;
  #isHurried = false;
  #endPause: () => void = () => {};
  #attempt: AbortController | undefined;
  #linger: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};

  constructor(stream: MJPEGStream, source: FrameSource, options: FeedOptions) {
    this.#stream = stream;
    this.#source = runningSource(source);
    this.#options = options;
    this.#log = options.log ?? silentLog;
    if (options.log) stream.log = options.log;
    this.#keepWarm = options.keepWarm ?? false;
    this.#state = stream.source;
    this.#state.feed(() => this.#retry());
    this.#endStates = this.#state.onChange(() => this.#tell());
    this.#endDemand = stream.demand.onChange(() => this.#adapt());
    this.ended = this.#run();
  }

  get state(): SourcePhase {
    return this.#state.state;
  }

  get reason(): string | undefined {
    return this.#state.status.reason;
  }

  get keepWarm(): boolean {
    return this.#keepWarm;
  }

  set keepWarm(keepWarm: boolean) {
    this.#keepWarm = keepWarm;
    this.#adapt();
  }

  restart(): void {
    if (this.#state.isFaulty) this.#state.begins();
    this.#attempt?.abort();
    this.#hurry();
  }

  async stop(): Promise<void> {
    this.#endDemand();
    clearTimeout(this.#linger);
    this.#stopped.abort();
    this.#attempt?.abort();
    this.#wake();
    await this.ended;
  }

  get #wanted(): boolean {
    return this.#keepWarm || this.#stream.demand.active;
  }

  /** Starts the source when it is wanted, and ends it when it has not been for a while. */
  #adapt(): void {
    if (this.#wanted) {
      clearTimeout(this.#linger);
      this.#linger = undefined;
      if (this.#resting) this.#begin();
      this.#wake();
    } else if (this.#attempt && !this.#linger) {
      const attempt = this.#attempt;
      this.#linger = setTimeout(() => attempt.abort(), this.#options.lingerMs ?? 5000).unref();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (!this.#wanted) {
        await this.#untilWanted();
      } else if (!(await this.#tryOnce())) {
        await this.#pause();
      }
    }
    if (this.#stream.streaming || !this.#state.isFaulty) this.#state.ends();
    this.#endStates();
  }

  async #untilWanted(): Promise<void> {
    this.#state.rests();
    this.#resting = true;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#wanted || this.#stopped.signal.aborted) resolve();
    });
    this.#resting = false;
  }

  async #pause(): Promise<void> {
    const { backOffMs: first = 500, longestBackOffMs = LONGEST_BACK_OFF_MS } = this.#options;
    const ms = Math.min(first * 2 ** (this.#failures - 1), Math.max(first, longestBackOffMs));
    const asked = new AbortController();
    this.#endPause = () => asked.abort();
    if (this.#isHurried) asked.abort();
    await delay(ms, AbortSignal.any([asked.signal, this.#stopped.signal])).catch(ignoreAbort);
    this.#endPause = () => {};
  }

  /** The next attempt begins now; where the one before is still failing, without a pause. */
  #hurry(): void {
    this.#isHurried = true;
    this.#endPause();
  }

  /** Somebody asks that it be tried now. */
  #retry(): void {
    const wait = this.#begunAt + BETWEEN_ATTEMPTS_MS - performance.now();
    this.#state.begins();
    setTimeout(() => this.#hurry(), Math.max(0, wait)).unref();
  }

  #begin(): void {
    this.#isHurried = false;
    this.#begunAt = performance.now();
    this.#state.begins();
  }

  /** One life of the source; true when it ended because nobody wants its frames. */
  async #tryOnce(): Promise<boolean> {
    this.#begin();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const silence = new SilenceWatch(this.#options, () => attempt.abort());
    try {
      await this.#relay(attempt.signal, silence);
      if (attempt.signal.aborted) throw attempt.signal.reason;
      if (this.#options.once) {
        this.#finish();
        return true;
      }
      throw new ThingError("SOURCE_FAILED", ENDED);
    } catch (error) {
      const isFailure = !attempt.signal.aborted || silence.failure !== undefined;
      if (isFailure) await this.#fail(silence.failure ?? error, silence);
      if (isFailure && this.#options.once) this.#finish();
      return !isFailure;
    } finally {
      silence.stop();
      this.#attempt = undefined;
      clearTimeout(this.#linger);
      this.#linger = undefined;
    }
  }

  /** Resolves when the source has ended, or the stream has stopped; rejects with what went wrong. The device is closed then. */
  async #relay(signal: AbortSignal, silence: SilenceWatch): Promise<void> {
    const sink = new FeedSink(this.#stream, silence, (frame) => this.#take(frame));
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener("abort", end);
    const run = async () => this.#source.run(sink, ending.signal); // may throw before its first await
    let hasEnded = false;
    const running = run().finally(() => {
      hasEnded = true;
    });
    try {
      await abortable(Promise.race([running, sink.over]), signal);
    } finally {
      signal.removeEventListener("abort", end);
      sink.close();
      end();
      if (!hasEnded) await this.#letGo(running);
    }
  }

  #take({ jpeg, sent: _, ...about }: SourceFrame): void {
    const isFirst = this.#state.state !== "live";
    if (isFirst && this.#stream.lastFrameIndex >= 0) this.#stream.reset();
    const frame = this.#stream.offerFrame(jpeg, about);
    if (!frame || !isFirst) return;
    this.#failures = 0;
    this.#state.delivers();
  }

  /** Waits until the source has let go of its device; one that never does must not hold up everything. */
  async #letGo(running: Promise<void>): Promise<void> {
    const late = () => new ThingError("SOURCE_FAILED", STAYS_BUSY);
    try {
      await within(running, LONGEST_END_MS, late);
    } catch (error) {
      if (!isAbort(error)) this.#log.error(messageOf(error));
    }
  }

  async #fail(error: unknown, { stalled }: SilenceWatch): Promise<void> {
    this.#failures += 1;
    // Whoever stopped it, it was not this stream: nothing that a viewer knows of was aborted.
    const isStopped = thrownError(error).name === "AbortError";
    const reason = isStopped ? ENDED : (deviceTrouble(error) ?? messageOf(error));
    if (this.#failures === 1) this.#stream.noteLoss({ what: "outage", count: 0, why: reason });
    this.#state.fails(stalled ? "stalled" : "failed", reason);
    this.#warn(reason);
    if (this.#stream.placeholder?.reason === reason) return;
    try {
      const picture = await abortable(
        Promise.resolve(this.#options.placeholder?.(reason)),
        this.#stopped.signal,
      );
      if (picture && this.#stream.streaming) this.#stream.showPlaceholder(picture, reason);
    } catch (cause) {
      if (this.#stopped.signal.aborted) return;
      this.#log.warn(`The picture that says so could not be made: ${messageOf(cause)}`);
    }
  }

  /** The source is over for good. */
  #finish(): void {
    this.#endDemand();
    this.#stopped.abort();
    this.#stream.stop();
  }

  /** A source that fails in one way again and again is logged ever more seldom. */
  #warn(reason: string): void {
    const stem = reason.replace(/[\d.]+/g, "");
    const isRound = Number.isInteger(Math.log2(this.#failures));
    if (stem !== this.#warned || isRound) {
      this.#log.warn(`No frames: ${reason}`, { failures: this.#failures });
    }
    this.#warned = stem;
  }

  #tell(): void {
    const { state, reason } = this.#state.status;
    const told = `${state} ${reason ?? ""}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onState?.(state, reason);
  }
}
