import type { IncomingMessage, ServerResponse } from "node:http";
import { ThingError } from "../base/errors.ts";
import type { Frame, FrameEntry, FrameGap, SourceLoss } from "../frames/frame.ts";
import { storePlaceholder } from "../frames/frame-memory.ts";
import type { PassedOver } from "../frames/frame-source.ts";
import type { Placeholder } from "../frames/stored-picture.ts";
import { FrameIntake, isRefusal } from "./frame-intake.ts";
import { FrameLog, FrameReader } from "./frame-log.ts";
import { type FrameFeed, FrameOutlet } from "./frame-outlet.ts";
import { HeldFrames } from "./held-frames.ts";
import {
  type FrameInUse,
  type FrameOptions,
  MAX_FRAME_BYTES,
  type StreamOptions,
  type StreamStats,
} from "./stream-options.ts";
import { type VariantOptions, variantOf } from "./stream-request.ts";
import { respondWithStream, sayingWhenToRetry } from "./stream-response.ts";
import { Variants } from "./variants.ts";
import { viewerPage } from "./viewer-page.ts";

const LOGGED_FRAMES = 10_000;
type AfterFrame = { after?: { run: string; index: number } | undefined; signal?: AbortSignal };

/**
 * JPEG frames, from one producer to any number of viewers and readers.
 *
 * A frame is stored once and shown to all in the tick that added it. Nothing queues: who is slow skips frames,
 * and the ring, not the readers, says how much memory there is.
 */
export class MJPEGStream extends FrameOutlet {
  name: string;
  /** Every frame's run, index, capture time and size, for readers who come late. */
  readonly sizes: FrameLog;
  readonly #variants = new Variants(this);
  readonly #intake: FrameIntake;
  readonly #held: HeldFrames;
  #run: string;
  #added = 0;
  #addedBytes = 0;

  /** @throws {ThingError} `BAD_ARGUMENT` unless `ringbufferSize` is a whole number from 1. */
  constructor({
    ringbufferSize = 10,
    name = "stream",
    maxFrameBytes = MAX_FRAME_BYTES,
    ...outlet
  }: StreamOptions = {}) {
    super(outlet);
    this.name = name;
    this.#intake = new FrameIntake(maxFrameBytes);
    this.#held = new HeldFrames(ringbufferSize);
    this.sizes = new FrameLog(Math.max(LOGGED_FRAMES, ringbufferSize));
    this.#run = this.sizes.beginRun();
  }

  get run(): string {
    return this.#run;
  }

  get ringbufferSize(): number {
    return this.#held.capacity;
  }

  /** The index of the newest frame; -1 when this run has none yet. */
  get lastFrameIndex(): number {
    return this.#held.newest?.index ?? -1;
  }

  /** What can be read now, oldest first. */
  get heldFrames(): Frame[] {
    return this.#held.entries().map(({ frame }) => frame);
  }

  /** What can be read now, without the pictures, oldest first. */
  get heldIdentities(): (FrameEntry & { width: number; height: number })[] {
    return this.#held.entries().map(({ run, index, capturedAt, size, width, height }) => {
      return { run, index, capturedAt, size, width, height };
    });
  }

  get stats(): StreamStats {
    return {
      added: this.#added,
      addedBytes: this.#addedBytes,
      refused: { ...this.#intake.refused },
      lostBySource: this.#intake.losses.lost,
      outages: this.#intake.losses.outages,
      mended: this.#intake.mended,
      unchangedPictures: this.#intake.losses.passed.unchanged,
      partsSkipped: this.#intake.losses.passed.part,
      correctedTimes: this.#intake.correctedTimes,
      ...this.viewers.stats,
      ...this.#variants.stats,
    };
  }

  /**
   * Takes a frame: stores it, numbers it, and hands it to all viewers and readers before returning what it is.
   * @throws {ThingError} `BAD_FRAME` unless the bytes are one whole JPEG; `STREAM_STOPPED`.
   */
  addFrame(jpeg: Uint8Array, options: FrameOptions = {}): FrameEntry {
    for (const loss of options.lossesBefore ?? []) this.noteLoss(loss);
    const { info, mended } = this.#intake.inspect(jpeg, this.streaming);
    const index = this.lastFrameIndex + 1;
    const time = this.#intake.timeOf(options, this.#held.newest?.capturedAt);
    const { origin } = options;
    const losses = this.#intake.losses.take();
    const identity = { run: this.#run, index, ...time, origin, ...losses };
    const frame = this.#held.add(mended ?? jpeg, identity, info);
    const entry = this.sizes.add(frame);
    this.#added += 1;
    this.#addedBytes += frame.size;
    this.publish(frame);
    return entry;
  }

  /** Memory into which a frame of so many bytes may be received: given to `addFrame` or `offerFrame`, it is not copied. Undefined for one that is not taken. */
  room(bytes: number): Uint8Array | undefined {
    const isTaken = this.streaming && bytes <= this.#intake.maxFrameBytes;
    return isTaken ? this.#held.room(bytes) : undefined;
  }

  /** Takes a frame if it is good; one that is not is counted and passed over. */
  offerFrame(jpeg: Uint8Array, options: FrameOptions = {}): FrameEntry | undefined {
    try {
      return this.addFrame(jpeg, options);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return undefined;
    }
  }

  /** The source could not deliver this: the next frame says so, and `stats` does. */
  noteLoss(loss: SourceLoss): void {
    this.#intake.losses.note(loss);
  }

  /** The source has passed over something that is no new frame. */
  notePassed(what: PassedOver): void {
    this.#intake.losses.passed[what] += 1;
  }

  /** What the source has lost since the newest frame. */
  get pendingLosses(): readonly SourceLoss[] {
    return this.#intake.losses.pending;
  }

  /** The index of the next frame to arrive. @throws {ThingError} `STREAM_STOPPED`. */
  async nextFrame(signal?: AbortSignal): Promise<number> {
    return (await this.nextIdentity(signal)).index;
  }

  /** A copy of the next frame to arrive, as a JPEG file. @throws {ThingError} `STREAM_STOPPED`. */
  async grabFrame(signal?: AbortSignal): Promise<Uint8Array> {
    return new Uint8Array((await this.grab(signal)).jpeg);
  }

  /** Bytes of the next frame to arrive: a measure of sharpness. @throws {ThingError} `STREAM_STOPPED`. */
  async nextFrameSize(signal?: AbortSignal): Promise<number> {
    return (await this.nextIdentity(signal)).size;
  }

  /** Frame `index` of this run. @throws {ThingError} `FRAME_NOT_HELD` if overwritten or still to come. */
  heldFrame(index: number): Frame {
    return this.#held.get(index).frame;
  }

  /** Frame `index` of this run. Rejects with `FRAME_NOT_HELD` if it is overwritten or still to come. */
  async ringbufferEntry(index: number): Promise<Frame> {
    return this.heldFrame(index);
  }

  /** Frame `index` of this run, to be disposed of after use. Rejects with `FRAME_NOT_HELD`. */
  async bufferForReading(index: number): Promise<FrameInUse> {
    // Memory that was handed out is never written to again, so there is nothing to give back.
    return { ...this.heldFrame(index), [Symbol.asyncDispose]: async () => {} };
  }

  /**
   * Frame `index` of this run, waiting for it if it is still to come.
   * @throws {ThingError} `FRAME_NOT_HELD` if it is overwritten or its run ends; `STREAM_STOPPED`.
   */
  async frameAt(index: number, signal?: AbortSignal): Promise<Frame> {
    const run = this.#run;
    while (Number.isInteger(index) && index > this.lastFrameIndex && run === this.#run) {
      await this.nextIdentity(signal);
    }
    if (run === this.#run) return this.heldFrame(index);
    throw new ThingError(
      "FRAME_NOT_HELD",
      `Run ${run} ended before its frame ${index}. Request frames of the new run ${this.#run}.`,
    );
  }

  /** The same as `frames()`. */
  frameAsyncGenerator(signal?: AbortSignal): AsyncGenerator<Frame, void> {
    return this.frames(signal);
  }

  /**
   * Each frame once, in order, from frame `from` of this run or else from the next to arrive. Frames that were
   * overwritten before they were read, and new runs, are reported. Ends on stop, or when `signal` aborts.
   */
  everyFrame({
    from,
    signal,
  }: {
    from?: number;
    signal?: AbortSignal;
  } = {}): AsyncGenerator<Frame | FrameGap, void> {
    const run = this.#run;
    const position = this.sizes.positionOf(run, from ?? this.lastFrameIndex + 1) ?? this.sizes.end;
    const reader = new FrameReader(this.sizes, run, position, (at) => this.#frameAtPosition(at));
    return this.pulled(() => reader.next(), signal);
  }

  /**
   * Identity, capture time and size of each frame, once and in order: from the first after frame `after` of any
   * run, or else from the next to arrive. The newest 10,000 are held; what is lost, and new runs, are reported.
   */
  everySize({ after, signal }: AfterFrame = {}): AsyncGenerator<FrameEntry | FrameGap, void> {
    const reader = this.sizes.readerAfter(after);
    return this.pulled(() => reader.next(), signal);
  }

  /** Begins a new run: no frame is held, the next has index 0. A stopped stream streams again. */
  reset(ringbufferSize?: number): void {
    this.#held.clear(ringbufferSize || this.#held.capacity);
    this.#run = this.sizes.beginRun();
    this.#intake.losses.sum = undefined;
    this.begin();
  }

  /** Ends every viewer and every wait, now. Held frames can still be read; `reset()` starts anew. */
  stop(): void {
    this.end();
    this.#variants.stop();
  }

  /** LabThings has this beside `stop()`, which here has told everyone already. */
  notifyStreamStopped(): void {
    if (!this.streaming) return;
    throw new ThingError("NOT_READY", "The stream is still running: call stop() first.");
  }

  /** Shows viewers, also those to come, a picture that says why there is no frame, until a frame arrives; or another stream's. */
  showPlaceholder(jpeg: Uint8Array | Placeholder | undefined, reason = ""): void {
    this.setPlaceholder(jpeg instanceof Uint8Array ? storePlaceholder(jpeg, reason) : jpeg);
    this.#variants.show(this.placeholder);
  }

  /**
   * The same frames less often, smaller or at another quality, under the same run and index. Viewers who ask for
   * the same share one encode a frame; nothing is encoded while nobody asks.
   * @throws {ThingError} `BAD_ARGUMENT` for options out of range.
   */
  variant(options: VariantOptions): FrameFeed {
    return this.#variants.get(options);
  }

  /**
   * The same, for a client: there are 16 at most.
   * @throws {ThingError} `TOO_MANY_VIEWERS`, `BAD_ARGUMENT`.
   */
  watchedVariant(options: VariantOptions): FrameFeed {
    this.#variants.assertRoom(options);
    return this.variant(options);
  }

  /**
   * A frame of this stream smaller or at another quality, or as it is. Those who ask for the same share the encode.
   * @throws {ThingError} `BAD_ARGUMENT`; `TOO_BUSY` when too many wait; `PICTURE_FAILED` when the codec fails.
   */
  sized(frame: Frame, options: VariantOptions): Promise<Frame> {
    return this.#variants.sized(frame, options);
  }

  /**
   * Answers a request with this stream, for as long as the viewer stays. The query chooses a variant (`fps`,
   * `width`, `quality`) and the view (`advance`).
   * @throws {ThingError} `TOO_MANY_VIEWERS`, `STREAM_STOPPED`, `BAD_ARGUMENT`: nothing has been sent then.
   */
  mjpegStreamResponse(request: IncomingMessage, response: ServerResponse): void {
    const options = variantOf(request);
    sayingWhenToRetry(response, () => this.#variants.assertRoom(options));
    respondWithStream(this.variant(options), request, response);
  }

  /** An HTML page that shows the stream at `url`, as the server gives it at `{url}/viewer`. */
  viewerPage(url: string): string {
    return viewerPage(url);
  }

  #frameAtPosition(position: number): Frame | undefined {
    const identity = this.sizes.identityAt(position);
    return identity?.run === this.#run ? this.#held.find(identity.index)?.frame : undefined;
  }
}
