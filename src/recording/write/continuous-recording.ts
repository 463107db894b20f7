import { dirname } from "node:path";
import { abortable } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { laneAt, laneOf } from "../../base/disk-lane.ts";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { afterReading } from "../../base/timers.ts";
import type { StoredFrame } from "../../frames/stored-picture.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { largestFileIn, makeUsable } from "../files/disk-room.ts";
import { type KeptFile, KeptFiles } from "../files/kept-files.ts";
import type { RecordingSummary } from "../ledger/ledger.ts";
import {
  type ContinuousOptions,
  type ContinuousSummary,
  isSplitBy,
  numbered,
  roomOf,
} from "./continuous-options.ts";
import { newRecording, type Recorded } from "./converting-writer.ts";
import { expectedFpsOf, nameOf, refusedBy, streamOf } from "./recorded-camera.ts";
import { NO_FILE } from "./recording-counts.ts";
import { FILE_IS_FULL } from "./recording-disk.ts";
import type { RecordingOptions } from "./recording-options.ts";
import { QueueBound } from "./write-queue.ts";

const DRAIN_LOOK_MS = 100;
/** A frame that was captured in time may arrive this much late. */
const LATE_MS = 1000;

/** What a frame takes in a file beside its JPEG, and a file beside its frames, at most; bytes. */
const FRAME_OVERHEAD = 40;
const FILE_OVERHEAD = 4096;

/**
 * Records a stream from now until it is stopped, or there is no room. Resolves when the first file is there.
 * @throws {ThingError} `RECORDING_FAILED` when it cannot be made, `NO_ROOM` when there is no room; `BAD_ARGUMENT` for limits that are none.
 */
export async function startRecording(options: ContinuousOptions): Promise<ContinuousRecording> {
  const { splitSec, splitBytes, maxFiles } = options;
  for (const [name, limit] of Object.entries({ splitSec, splitBytes, maxFiles })) {
    if (limit === undefined || limit > 0) continue;
    throw new ThingError("BAD_ARGUMENT", `${name} must be greater than 0, not ${limit}.`);
  }
  const { signal } = options;
  await abortable(assertUsable(dirname(options.path)), signal);
  const recording = new ContinuousRecording(options);
  try {
    await abortable(recording.opened, signal);
    return recording;
  } catch (error) {
    await recording.stop();
    throw error;
  }
}

async function assertUsable(folder: string): Promise<void> {
  const lane = await laneOf(folder).catch((error) => {
    const why = `${folder} cannot be recorded to: ${reasonOf(error)}.`;
    throw new ThingError("RECORDING_FAILED", why, { cause: error });
  });
  await lane.run(() => makeUsable(folder));
}

/** A stream on its way to disk, in files that follow on each other. Each is split off between two frames, and begins at time 0. */
export class ContinuousRecording {
  /** The name of the first file, once it is there. */
  readonly opened: Promise<string>;
  /** How it went, once all files are closed, whatever ended it. */
  readonly ended: Promise<ContinuousSummary>;
  readonly #options: ContinuousOptions;
  readonly #stream: MJPEGStream;
  /** All files have one: at a split two are open. */
  readonly #queue: QueueBound;
  readonly #log: Log;
  readonly #kept: KeptFiles;
  readonly #detach: (() => void)[];
  /** Files that are being closed, or made into another format. */
  readonly #closings = new Set<Promise<void>>();
  #writer: Recorded;
  #keptFile: KeptFile;
  #isSplitting = false;
  #file = { number: 0, bytes: FILE_OVERHEAD, firstAt: Number.NaN };
  #captured = 0;
  /** The newest frame that was taken. */
  #latest: RecordingOptions["follows"];
  #written = 0;
  #until = Number.POSITIVE_INFINITY;
  #largestFile = Number.POSITIVE_INFINITY;
  #endReason: string | undefined;
  #finish: (summary: Promise<ContinuousSummary>) => void = () => {};
  #announceEnd: () => void = () => {};
  readonly #ending = new Promise<void>((resolve) => {
    this.#announceEnd = resolve;
  });

  /** As `startRecording`, without a look at the disk first. */
  constructor(options: ContinuousOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#stream = streamOf(options.camera);
    this.#queue = new QueueBound(options.maxQueuedBytes);
    const { maxFiles: most = Number.POSITIVE_INFINITY, onFile = () => {} } = options;
    this.#kept = new KeptFiles({ most, onFile, log: this.#log });
    this.#keptFile = this.#kept.begin();
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#writer = this.#openFile(); // this may throw: nothing holds the camera yet
    this.#detach = [
      this.#stream.demand.take(),
      this.#stream.follow((frame) => this.#take(frame)),
      this.#stream.onStop(() => this.#end("the camera stopped")),
    ];
    this.opened = this.#writer.opened;
    void this.#lookForLimit().catch(() => {}); // a disk that does not say may still refuse
  }

  /** Why it ends or has ended; undefined while it records. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.#writer.stats.queuedBytes;
  }

  /** Whether a file is being closed behind the present one. */
  get isSplitting(): boolean {
    return this.#closings.size > 0;
  }

  /**
   * Takes no more frames, and writes all that wait.
   * @param options - `onProgress` is told how much of that is done, 0 to 1. Frames captured until `until`, epoch ms, are
   * waited for as long as they may be on their way.
   */
  async stop({
    onProgress = () => {},
    until,
  }: {
    onProgress?: (fraction: number) => void;
    until?: number;
  } = {}): Promise<ContinuousSummary> {
    if (until !== undefined) await this.#takeUntil(until);
    const waiting = Math.max(1, this.queuedBytes);
    this.#end(this.#fault ?? "stopped");
    const made = () => this.#writer.conversion?.fraction ?? 1;
    const tell = () => onProgress(Math.min(1 - this.queuedBytes / waiting, made()));
    const telling = setInterval(tell, DRAIN_LOOK_MS);
    try {
      return await this.ended;
    } finally {
      clearInterval(telling);
      onProgress(1);
    }
  }

  /** Resolves when every frame captured until then has come, or could have. */
  async #takeUntil(until: number): Promise<void> {
    this.#until = until;
    const patienceMs = Math.max(0, until + LATE_MS - now());
    const endPatience = afterReading(patienceMs, () => this.#end("stopped"));
    await this.#ending;
    endPatience();
  }

  /** Why the present file has failed, which may not be closed or removed yet. */
  get #fault(): string | undefined {
    const { endReason } = this.#writer;
    return endReason === FILE_IS_FULL ? undefined : endReason;
  }

  #take(frame: StoredFrame): void {
    const isEarly = this.#captured === 0 && frame.capturedAt < (this.#options.from?.() ?? 0);
    if (frame.capturedAt > this.#until) this.#end("stopped");
    const { endReason } = this.#writer;
    if (endReason !== undefined) this.#endOrGoOn(endReason); // at once, however long its file takes to close
    if (this.#endReason !== undefined || isEarly) return;
    const bytes = frame.size + FRAME_OVERHEAD;
    if (this.#isFull(frame, bytes) && !this.#isSplitting) this.#split();
    if (Number.isNaN(this.#file.firstAt)) this.#file.firstAt = frame.capturedAt;
    this.#file.bytes += bytes;
    this.#captured += 1;
    const { run, index, capturedAt, clockSet } = frame;
    this.#latest = { run, index, capturedAt, clockSet };
    this.#writer.add(frame.lend(), () => frame.release());
  }

  async #lookForLimit(): Promise<void> {
    const path = await this.opened;
    const lane = await laneAt(path);
    this.#largestFile = await lane.read(() => largestFileIn(dirname(path)));
  }

  /** Whether the present file ends before this frame. */
  #isFull({ capturedAt }: StoredFrame, bytes: number): boolean {
    const { splitSec = Number.POSITIVE_INFINITY, splitBytes = this.#largestFile } = this.#options;
    const { firstAt, bytes: before } = this.#file;
    const isFirst = Number.isNaN(firstAt);
    return (
      !isFirst &&
      (capturedAt - firstAt >= splitSec * 1000 ||
        before + bytes > Math.min(splitBytes, this.#largestFile))
    );
  }

  /** A file that takes no more is no reason to record no more: the next goes on. */
  #endOrGoOn(why: string): void {
    const mayGoOn = why === FILE_IS_FULL && this.#writer.stats.written > 0 && !this.#isSplitting;
    if (mayGoOn && this.#endReason === undefined) this.#split();
    else this.#end(why);
  }

  #split(): void {
    const { number } = this.#file;
    this.#isSplitting = true;
    const over = () => {
      this.#isSplitting = false;
    };
    recordedBy(this.#writer).then(over, over);
    const closing = this.#close(this.#writer, this.#keptFile, "split");
    this.#closings.add(closing);
    void closing.finally(() => this.#closings.delete(closing));
    this.#file = { number: number + 1, bytes: FILE_OVERHEAD, firstAt: Number.NaN };
    this.#keptFile = this.#kept.begin();
    this.#writer = this.#openFile();
  }

  #openFile(): Recorded {
    const { path, camera } = this.#options;
    const { reason = "continuous", settings, keepMkv, exportSignal, counts } = this.#options;
    const { leaving } = this.#keptFile;
    const writer = newRecording({
      path: isSplitBy(this.#options) ? numbered(path, this.#file.number) : path,
      camera: nameOf(camera),
      expectedFps: expectedFpsOf(camera),
      reason,
      settings: settings?.(),
      follows: this.#latest,
      queue: this.#queue,
      room: roomOf(this.#options),
      refused: () => refusedBy(this.#stream),
      counts,
      keepMkv,
      exportSignal: exportSignal ? AbortSignal.any([exportSignal, leaving]) : leaving,
      log: this.#log,
    });
    const endItself = (why: string) => {
      if (writer === this.#writer) this.#endOrGoOn(why);
    };
    writer.opened.then(
      (opened) => this.#options.onFile?.(opened),
      (error) => endItself(messageOf(error)),
    );
    recordedBy(writer).then(
      ({ ended }) => endItself(ended),
      (error) => endItself(messageOf(error)),
    );
    return writer;
  }

  async #close(writer: Recorded, file: KeptFile, reason: string): Promise<void> {
    try {
      const summary = await writer.close(reason);
      this.#written += summary.written;
      const path = writer.conversion?.path ?? (await writer.opened);
      await this.#kept.close(file, path, summary);
    } catch (error) {
      this.#kept.forget(file);
      this.#options.counts?.lose(NO_FILE, writer.stats.came);
      this.#log.error(`A file of this recording could not be written: ${messageOf(error)}`);
    }
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#writer.noteSource(this.#stream.pendingLosses);
    for (const detach of this.#detach) detach();
    if (reason !== "stopped")
      this.#log.warn(`Recording ${this.#options.path} ends: ${reason.replace(/\.$/, "")}.`);
    this.#announceEnd();
    this.#finish(this.#drain(reason));
  }

  async #drain(ended: string): Promise<ContinuousSummary> {
    await Promise.all([...this.#closings, this.#close(this.#writer, this.#keptFile, ended)]);
    await this.#kept.makeWay();
    const [captured, written] = [this.#captured, this.#written];
    const files = this.#kept.closed;
    return { ended, captured, written, dropped: captured - written, files };
  }
}

/** Settles when the disk has all frames that this file was given. */
function recordedBy({ conversion, ended }: Recorded): Promise<RecordingSummary> {
  return conversion?.recorded ?? ended;
}
