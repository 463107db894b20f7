import type { Socket } from "node:net";
import { now } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Frame } from "../frames/frame.ts";
import type { FrameIdentity, Placeholder, StoredFrame, View } from "../frames/stored-picture.ts";
import { Demand } from "./demand.ts";
import { Next } from "./next-frame.ts";
import { SourceState } from "./source-state.ts";
import { ViewerFanOut, type ViewerOptions } from "./viewers.ts";

/** The log has a line so often of listeners that fail, ms. */
const TOLD_EVERY_MS = 60_000;

/** Frames that anyone may watch or read: a stream, or a variant of one. */
export interface FrameFeed {
  readonly run: string;
  /** False once it has been stopped. */
  readonly streaming: boolean;
  readonly newest: Frame | undefined;
  readonly demand: Demand;
  readonly viewers: ViewerFanOut;
  /** The picture that viewers see while there is no frame, if one is shown now. */
  readonly placeholder: Placeholder | undefined;
  onPlaceholder(listener: () => void): () => void;
  onFrame(listener: (frame: Frame) => void): () => void;
  follow(follower: (frame: StoredFrame) => void): () => void;
  freshFrame(): StoredFrame | undefined;
  onRun(listener: () => void): () => void;
  onStop(listener: () => void): () => void;
  frames(signal?: AbortSignal): AsyncGenerator<Frame, void>;
  grab(signal?: AbortSignal): Promise<Frame>;
  capturedAfter(time: number, signal?: AbortSignal): Promise<Frame>;
  addViewer(socket: Socket, view: View, wantsHeartbeats?: boolean): void;
}

export interface OutletOptions extends ViewerOptions {
  readonly log?: Log | undefined;
}

/** A frame this young is shown to a new viewer at once, ms. */
const FRESH_MS = 1000;

/** Hands each frame to all who want it, in the tick in which it was published. */
export abstract class FrameOutlet implements FrameFeed {
  readonly demand = new Demand();
  readonly viewers: ViewerFanOut;
  readonly #next = new Next<Frame>();
  /** For who waits for a frame without looking at it: a frame that is handed out is not used again. */
  readonly #arrived = new Next<StoredFrame>();
  #source = new SourceState();
  #sharesSource = false;
  #faultAt = Number.NEGATIVE_INFINITY;
  readonly #followers = new Set<(frame: StoredFrame) => void>();
  readonly #runListeners = new Set<() => void>();
  readonly #stopListeners = new Set<() => void>();
  readonly #placeholderListeners = new Set<() => void>();
  #log: Log;
  #newest: StoredFrame | undefined;
  #periodMs = 0;
  #streaming = true;
  #placeholder: Placeholder | undefined;

  constructor({ log = silentLog, ...viewers }: OutletOptions = {}) {
    this.#log = log;
    this.viewers = new ViewerFanOut(viewers, () => this.#source.way.heartbeat);
  }

  abstract get run(): string;

  /** What its source does: the one truth that health, pages, properties and metrics show. */
  get source(): SourceState {
    return this.#source;
  }

  /** Whether its frames are made of another stream's. */
  get sharesSource(): boolean {
    return this.#sharesSource;
  }

  /** Its frames are made of another's: so its source is that one's, too. */
  shareSource({ source }: FrameOutlet): void {
    this.#source = source;
    this.#sharesSource = true;
  }

  get log(): Log {
    return this.#log;
  }

  /** Its troubles are told here from now on. */
  set log(log: Log) {
    this.#log = log;
  }

  get streaming(): boolean {
    return this.#streaming;
  }

  get newest(): Frame | undefined {
    return this.#newest?.frame;
  }

  /** Size of the newest frame, pixels. */
  get pixels(): { readonly width: number; readonly height: number } | undefined {
    return this.#newest;
  }

  /** The picture that viewers see while there is no frame, if one is shown now. */
  get placeholder(): Placeholder | undefined {
    return this.#placeholder;
  }

  /** Calls `listener` in the tick in which each frame arrives, so it must be quick; returns how to end that. */
  onFrame(listener: (frame: Frame) => void): () => void {
    return this.follow((stored) => listener(stored.frame));
  }

  /** As `onFrame`, for what looks at the picture in this tick only, or retains it. */
  follow(follower: (frame: StoredFrame) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Calls `listener` each time a new run begins, of a stopped stream too; returns how to end that. */
  onRun(listener: () => void): () => void {
    this.#runListeners.add(listener);
    return () => void this.#runListeners.delete(listener);
  }

  /** Calls `listener` each time the stream stops; returns how to end that. */
  onStop(listener: () => void): () => void {
    this.#stopListeners.add(listener);
    return () => void this.#stopListeners.delete(listener);
  }

  /** Calls `listener` each time a placeholder is shown or taken away, but not when a frame takes its place; returns how to end that. */
  onPlaceholder(listener: () => void): () => void {
    this.#placeholderListeners.add(listener);
    return () => void this.#placeholderListeners.delete(listener);
  }

  /**
   * The next frame to arrive.
   * @throws {ThingError} `STREAM_STOPPED` when the stream is stopped, before or meanwhile.
   */
  async grab(signal?: AbortSignal): Promise<Frame> {
    if (!this.#streaming) throw streamStopped();
    const release = this.demand.take();
    try {
      return await this.#next.wait(signal);
    } finally {
      release();
    }
  }

  /**
   * What the next frame to arrive is, without its picture.
   * @throws {ThingError} `STREAM_STOPPED` when the stream is stopped, before or meanwhile.
   */
  async nextIdentity(signal?: AbortSignal): Promise<FrameIdentity & { readonly size: number }> {
    if (!this.#streaming) throw streamStopped();
    const release = this.demand.take();
    try {
      return await this.#arrived.wait(signal);
    } finally {
      release();
    }
  }

  /**
   * The newest frame if it was captured after `time`, epoch ms, else the first to come that was.
   * @throws {ThingError} `STREAM_STOPPED` when the stream is stopped, before or meanwhile.
   */
  async capturedAfter(time: number, signal?: AbortSignal): Promise<Frame> {
    let frame = this.#streaming ? this.#newest : undefined;
    while (!frame || frame.capturedAt <= time) {
      await this.nextIdentity(signal);
      frame = this.#newest; // more may have come since the wait was over
    }
    return frame.frame;
  }

  /**
   * Frames that arrive from this call on, the newest each time: a slow reader skips what it had no time for.
   * It ends when the stream stops or `signal` aborts.
   */
  frames(signal?: AbortSignal): AsyncGenerator<Frame, void> {
    let seen = this.#newest;
    return this.pulled(() => {
      if (!this.#streaming || this.#newest === seen) return undefined;
      seen = this.#newest;
      return seen?.frame;
    }, signal);
  }

  /**
   * Sends frames to a socket whose response head has been written, beginning with the newest if it is fresh.
   * @param wantsHeartbeats - It is sent a part without a picture every 3 s, too.
   * @throws {ThingError} `TOO_MANY_VIEWERS`; `STREAM_STOPPED`.
   */
  addViewer(socket: Socket, view: View, wantsHeartbeats = false): void {
    if (!this.#streaming) throw streamStopped();
    const release = this.demand.take();
    try {
      const first = this.#placeholder ?? this.freshFrame();
      this.viewers.add(socket, view, { first, wantsHeartbeats, onEnd: release });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The newest frame, unless it is too old to pass for live. */
  freshFrame(): StoredFrame | undefined {
    const age = now() - (this.#newest?.capturedAt ?? 0);
    return age <= Math.max(FRESH_MS, 1.5 * this.#periodMs) ? this.#newest : undefined;
  }

  protected publish(frame: StoredFrame): void {
    const before = this.#newest;
    this.#periodMs = before?.run === frame.run ? frame.capturedAt - before.capturedAt : 0;
    this.#newest = frame;
    this.#placeholder = undefined;
    this.viewers.send(frame);
    if (this.#arrived.awaited) this.#arrived.deliver(frame);
    if (this.#next.awaited) this.#next.deliver(frame.frame);
    for (const follower of [...this.#followers]) this.#call(() => follower(frame));
  }

  protected setPlaceholder(placeholder: Placeholder | undefined): void {
    const shown = placeholder ?? (this.#placeholder && this.#newest); // it is the picture again, where nothing new has come
    this.#placeholder = placeholder;
    if (shown) this.viewers.send(shown);
    for (const listener of [...this.#placeholderListeners]) this.#call(listener);
  }

  protected begin(): void {
    this.#streaming = true;
    this.#newest = undefined;
    this.#periodMs = 0;
    for (const listener of [...this.#runListeners]) this.#call(listener);
  }

  protected end(): void {
    if (!this.#streaming) return;
    this.#streaming = false;
    this.#placeholder = undefined;
    this.#next.fail(streamStopped());
    this.#arrived.fail(streamStopped());
    this.viewers.end();
    for (const listener of [...this.#stopListeners]) this.#call(listener);
  }

  /** What `next` gives, asked again at each frame, while frames are wanted for it; until the stream stops or `signal` aborts. */
  protected async *pulled<T>(
    next: () => T | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void> {
    const release = this.demand.take();
    try {
      while (!signal?.aborted) {
        const found = next();
        if (found !== undefined) yield found;
        else if (!this.#streaming || !(await this.#arrival(signal))) return;
      }
    } finally {
      release();
    }
  }

  /** True when a frame has arrived, false once the stream stops or `signal` aborts. */
  #arrival(signal?: AbortSignal): Promise<boolean> {
    return this.#arrived.wait(signal).then(
      () => true,
      () => false,
    );
  }

  /** One listener's failure stays its own. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      if (now() - this.#faultAt < TOLD_EVERY_MS) return; // it may fail with each frame
      this.#faultAt = now();
      this.#log.error(`A listener of this stream failed: ${messageOf(error)}`);
    }
  }
}

export function streamStopped(): ThingError {
  return new ThingError(
    "STREAM_STOPPED",
    "The stream is stopped. Start the camera, then try again.",
  );
}
