import { within } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { afterReading } from "../../base/timers.ts";
import type { Frame } from "../../frames/frame.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { ContinuousSummary } from "./continuous-options.ts";
import { newRecording } from "./converting-writer.ts";
import { EventCutter } from "./event-cutter.ts";
import { EventFile, type RecorderPhase, type RecordOptions } from "./event-file.ts";
import { EventMemory } from "./event-memory.ts";
import { HeldEvent, RecorderDemand } from "./held-event.ts";
import { PreRollRing } from "./pre-roll.ts";
import { type Attachment, attachmentOf, refusedBy } from "./recorded-camera.ts";
import { NO_FILE } from "./recording-counts.ts";
import type { VideoRecorderOptions } from "./video-recorder-options.ts";

const LOOK_EVERY_MS = 250;
const PRE_ROLL_BYTES = 64 * 2 ** 20;
const MAX_EVENT_S = 600;
const MAX_FILE_BYTES = 4e9;

/**
 * Records what happened about each trigger, the time before it included. A file is a connected union
 * of windows about triggers; `record` while one is open makes it longer.
 */
export class VideoRecorder implements AsyncDisposable {
  readonly #options: VideoRecorderOptions;
  readonly #attached: Attachment;
  readonly #stream: MJPEGStream;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #cutter: EventCutter<EventFile>;
  readonly #memory: EventMemory;
  readonly #files = new Set<EventFile>();
  readonly #detach: (() => void)[];
  readonly #demand: RecorderDemand;
  #held: HeldEvent | undefined;
  #endLooking: (() => void) | undefined;
  #timeZero: number | undefined;
  #reason: string | undefined;
  #stopped = false;
  /** For the first frame. */
  #isWaiting = false;

  /** @throws {ThingError} `BAD_ARGUMENT` for a window that is no time, or a tee that is not there. */
  constructor(options: VideoRecorderOptions) {
    const { windowSizeSec = 2, preSec = windowSizeSec, postSec = windowSizeSec } = options;
    for (const seconds of [preSec, postSec]) {
      if (seconds >= 0 && Number.isFinite(seconds)) continue;
      throw new ThingError("BAD_ARGUMENT", `A window must be 0 seconds or longer, not ${seconds}.`);
    }
    const { maxPreRollBytes = PRE_ROLL_BYTES, ringBufferClass = PreRollRing } = options;
    const { maxSec = MAX_EVENT_S, maxFileBytes = MAX_FILE_BYTES } = options;
    for (const [name, limit] of Object.entries({ maxSec, maxFileBytes })) {
      if (limit > 0) continue;
      throw new ThingError("BAD_ARGUMENT", `${name} must be greater than 0, not ${limit}.`);
    }
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#attached = attachmentOf(recordedOf(options), this.#log);
    this.#stream = this.#attached.stream;
    this.#clock = options.clock ?? now;
    const [preMs, postMs] = [preSec * 1000, postSec * 1000];
    this.#memory = new EventMemory(options.maxQueuedBytes);
    const limits = { spanMs: preMs, maxBytes: maxPreRollBytes, loans: this.#memory };
    const preRoll = new ringBufferClass(limits);
    this.#cutter = new EventCutter({
      preMs,
      postMs,
      maxMs: maxSec * 1000,
      maxBytes: maxFileBytes,
      preRoll,
      open: (_, before) => this.#open(before),
    });
    this.#demand = new RecorderDemand(this.#stream, !options.preRollWhileWatched);
    this.#detach = [
      () => this.#demand.end(),
      this.#stream.onFrame((frame) => this.#take(frame)),
      this.#stream.onStop(() => {
        this.#cutter.end("the camera stopped");
        preRoll.clear();
        this.#timeZero = undefined;
      }),
    ];
  }

  /** What it is doing: of several files, the first that is recorded, begun or closed says so. */
  get phase(): RecorderPhase {
    if (this.#timeZero === undefined && this.#files.size === 0) return "detached";
    const phases = new Set([...this.#files].map(({ phase }) => phase));
    const order = ["recording", "starting", "finishing"] as const;
    return order.find((one) => phases.has(one)) ?? "buffering";
  }

  /** Whether it is anything but waiting for a trigger: also before the first frame, but not once the camera has ended. */
  get busy(): boolean {
    if (this.phase === "detached") return this.#stream.streaming && !this.#stopped;
    return this.phase !== "buffering";
  }

  /**
   * Something happens now. @returns the name of the file that has it, once that is there; the same one while it is open.
   * @throws {ThingError} `NO_ROOM` when there is no room for what came before it; `NOT_READY` when there is no frame, or no file, within `maxDelaySec` (0.1). A file that is late is
   * written all the same.
   */
  async record(options: RecordOptions = {}): Promise<string> {
    const { maxDelaySec = 0.1, onVideoFinished, reason, untilStopped = false } = options;
    const at = this.#clock();
    this.#demand.want();
    this.#look();
    const due = now() + maxDelaySec * 1000;
    if (this.#timeZero === undefined && !this.#stopped) await this.#firstFrame(maxDelaySec);
    if (this.#stopped)
      throw new ThingError("NOT_READY", "This recorder was stopped. Create another one.");
    this.#reason = reason;
    const file = this.#cutter.trigger(at);
    file.onVideoFinished = onVideoFinished ?? file.onVideoFinished;
    if (untilStopped && !this.isHeld) this.#hold(file);
    this.#look();
    return within(file.path, due - now(), () => {
      const why = `The file could not be opened within ${maxDelaySec} s. It will still be written if the disk allows.`;
      return new ThingError("NOT_READY", why);
    });
  }

  /** Whether an event goes on until `stopEvent` is called, or its disk fails. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#held.failure === undefined;
  }

  /** Ends the event that goes on until it is stopped. @returns how it went, once its files are closed; undefined when there is none. */
  async stopEvent(): Promise<ContinuousSummary | undefined> {
    const held = this.#held;
    this.#held = undefined;
    this.#cutter.release(this.#clock(), "stopped");
    return held?.summary();
  }

  /** The same without waiting; what fails is logged. */
  recordBg(options: RecordOptions = {}): void {
    this.record(options).catch((error) => {
      this.#log.error(`A trigger failed: ${messageOf(error)}`);
    });
  }

  /** Why a file that it writes takes no more frames though its event goes on; undefined while it takes them. */
  endReasonOf(path: string): string | undefined {
    return [...this.#files].find(({ openedPath }) => openedPath === path)?.writer.endReason;
  }

  /** Ends all files as they are, and lets go of the camera. Resolves once they are closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const detach of this.#detach.splice(0)) detach();
    this.#cutter.end("stopped");
    await Promise.allSettled([...this.#files].map(({ finished }) => finished));
    this.#endLooking?.();
    await this.#attached.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #firstFrame(maxDelaySec: number): Promise<void> {
    this.#isWaiting = true;
    const waiting = new AbortController();
    const grabbed = this.#stream.grab(waiting.signal);
    try {
      await within(grabbed, maxDelaySec * 1000, () => {
        const why = `The camera delivered no frame within ${maxDelaySec} s, so nothing was recorded.`;
        return new ThingError("NOT_READY", why);
      });
    } finally {
      this.#isWaiting = false;
      grabbed.catch(() => {}); // `within` has told it
      waiting.abort();
    }
  }

  #take(frame: Frame): void {
    this.#timeZero ??= startOf(this.#stream, frame);
    this.#cutter.frame(frame);
  }

  /** @param before - The file that this one goes on with. */
  #open(before?: EventFile): EventFile {
    const { filenameGenerator, recordBinClass, settings } = this.#options;
    const { keepMkv, keepStart, exportSignal, counts } = this.#options;
    const reason = before?.reason ?? this.#reason ?? this.#options.reason ?? "a trigger";
    const options = {
      path: filenameGenerator(),
      camera: this.#attached.name,
      expectedFps: this.#attached.expectedFps(),
      reason,
      settings: settings?.(),
      timeZero: this.#timeZero,
      queue: this.#memory,
      room: this.#options.room,
      refused: () => refusedBy(this.#stream),
      counts,
      log: this.#log,
    };
    const writer = recordBinClass
      ? new recordBinClass(options)
      : newRecording({ ...options, keepStart, keepMkv, exportSignal });
    const pendingLosses = () => this.#stream.pendingLosses;
    const file = new EventFile({
      writer,
      reason,
      memory: this.#memory,
      pendingLosses,
      log: this.#log,
    });
    file.onVideoFinished = before?.onVideoFinished;
    this.#files.add(file);
    if (this.#held?.has(before)) this.#held?.add(file);
    this.#follow(file).catch((error) => {
      counts?.lose(NO_FILE, file.given);
      this.#log.error(
        `A recording failed: ${messageOf(error)} ${file.given} frames of its event are in no file.`,
      );
    });
    return file;
  }

  async #follow(file: EventFile): Promise<void> {
    try {
      const summary = await file.finished;
      const { ended, conversion } = file.writer;
      this.#options.counts?.late(await ended, summary);
      file.onVideoFinished?.(conversion?.path ?? (await file.path), summary);
    } finally {
      this.#cutter.forget(file);
      this.#files.delete(file);
      const goesOn = [...this.#files].some((other) => this.#held?.has(other));
      if (this.#held?.has(file) && !goesOn) this.#held = undefined; // its disk is full, or its camera has stopped
    }
  }

  #hold(file: EventFile): void {
    this.#held = new HeldEvent();
    this.#held.add(this.#cutter.hold() ?? file);
  }

  /** An event that is held ends with its disk: nobody would hear of its end otherwise, and the next trigger begins another. */
  #endFailed(): void {
    const failure = this.#held?.failure;
    if (failure === undefined) return;
    this.#held = undefined;
    this.#cutter.release(this.#clock(), failure);
  }

  /** Windows end also while no frames come. */
  #look(): void {
    this.#endLooking ??= afterReading(LOOK_EVERY_MS, () => {
      this.#endLooking = undefined;
      this.#endFailed();
      this.#cutter.advance(this.#clock());
      if (this.#cutter.active || this.#isWaiting) this.#look();
      else this.#demand.relax();
    });
  }
}

function recordedOf({ camera, pipeline, srcTeeName }: VideoRecorderOptions) {
  if (camera && !pipeline) return camera;
  if (pipeline && !camera) return { pipeline, srcTeeName };
  throw new ThingError("BAD_ARGUMENT", "A recorder needs either a camera or a pipeline.");
}

/** When the run of a frame began, epoch ms, if that is still known. */
function startOf({ sizes }: MJPEGStream, { run, capturedAt }: Frame): number {
  return sizes.at(sizes.positionOf(run, 0) ?? -1)?.capturedAt ?? capturedAt;
}
