import { dirname } from "node:path";
import { now } from "../../base/clock.ts";
import { type DiskLane, laneOf } from "../../base/disk-lane.ts";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import type { ClockStep } from "../../base/wall-clock.ts";
import type { Frame, FrameName, SourceLoss } from "../../frames/frame.ts";
import { makeUsable } from "../files/disk-room.ts";
import { FileWatch } from "../files/file-watch.ts";
import { RecordingFiles } from "../files/recording-files.ts";
import { RoomWatch } from "../files/room-watch.ts";
import type { LostFrames, RecordingSummary } from "../ledger/ledger.ts";
import { Tally } from "../ledger/tally.ts";
import { closeRecording, removeEmpty } from "./closing.ts";
import { FileClock } from "./file-clock.ts";
import { LossWarning } from "./loss-warning.ts";
import { diskFault, hintAt, type Item, lostFrame, RecordingDisk } from "./recording-disk.ts";
import { headsOf, type RecordingOptions } from "./recording-options.ts";
import { BATCH_BYTES, type FrameQueue, QueueBound, sizeOf, WriteQueue } from "./write-queue.ts";

/** Frames are collected for this long, then written and synced at once: a kill costs as much, a power cut the sync's time more. */
const HOLD_MS = 600;
/** The first frame is waited for so long at a time, and a disk that is late has so much of a pause. */
const SOON_MS = 200;
/** Timers may be so much early. */
const EARLY_MS = 5;
/** A recording ends while there is room for so many times of what comes between two looks. */
const AHEAD = 1.5;
const TOO_SLOW = "the disk was too slow";
const lostFrames = slowReaders("recorder", "gap");

/**
 * One recording on its way to disk. `add` never waits: frames queue, bounded in bytes, and one write at a time takes
 * them. A fault of the disk ends the recording, never the process: `ended` tells, and the ledger says why.
 */
export class RecordingWriter {
  /** The file's name, once it is there. Rejects if it cannot be made. */
  readonly opened: Promise<string>;
  /** How it went, once both files are closed, whatever ended it. Rejects only if nothing could be recorded at all. */
  readonly ended: Promise<RecordingSummary>;
  /** Settles when the file has its head, which it gets with the first frame, or has ended without one. */
  readonly begun: Promise<void>;
  readonly #options: RecordingOptions;
  readonly #log: Log;
  readonly #tally: Tally;
  readonly #clock: FileClock;
  readonly #refusedBefore: number;
  readonly #queue: WriteQueue;
  readonly #room: RoomWatch | undefined;
  #writtenBytes = 0;
  #endReason: string | undefined;
  #wake: () => void = () => {};
  #announceBeginning: () => void = () => {};

  /** @throws {ThingError} `BAD_ARGUMENT` for a `timeZero` that is no time. */
  constructor(options: RecordingOptions) {
    this.#clock = new FileClock(options);
    const { timeZero, follows } = options;
    this.#options = {
      ...options,
      ...(timeZero !== undefined && { timeZero: this.#clock.timeOf(timeZero) }),
    };
    this.#log = options.log ?? silentLog;
    this.#queue = new WriteQueue(options.queue ?? new QueueBound(options.maxQueuedBytes));
    this.#tally = new Tally(follows && this.#clock.follows(follows));
    this.#refusedBefore = options.refused?.() ?? 0;
    const waitingBytes = () => this.#queue.bytes;
    const onLack = (lack: string) => void this.close(lack).catch(() => {}); // told by `ended`
    const { path, room } = options;
    this.#room = room && new RoomWatch({ path, room, waitingBytes, onLack, log: this.#log });
    this.begun = new Promise((resolve) => {
      this.#announceBeginning = resolve;
    });
    const files = this.#create();
    this.opened = files.then(({ path }) => path);
    this.ended = this.#record(files).finally(() => {
      this.#queue.takeRest();
      this.#room?.end();
      this.#announceBeginning();
    });
    let at = path;
    this.opened.then(
      (opened) => {
        at = opened;
      },
      () => {}, // whoever waits for neither is told by the log
    );
    const going = () => ({ ...this.#tally.counts, bytes: this.#writtenBytes, path: at });
    options.counts?.follow(going, this.ended);
    this.ended.catch((error) => {
      this.#log.error(`${options.path} could not be recorded: ${messageOf(error)}`);
    });
  }

  /** What bounds the frames that wait for the disk. */
  get queue(): FrameQueue {
    return this.#queue.bound;
  }

  /** Why it ends or has ended; undefined while frames are taken. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  get stats() {
    const { counts, dropped } = this.#tally;
    return { ...counts, dropped, queuedBytes: this.#queue.bytes, bytes: this.#writtenBytes };
  }

  /**
   * Takes a frame, which must not be changed any more, or until `onWritten` is called: the kernel has it then. That is not
   * promised: of a frame that is not written nothing is said. Times that go back or stand still go on as the frames come; one that
   * is no time is dropped. @returns false when it is dropped, or the recording has ended.
   */
  add(stamped: Frame, onWritten?: () => void): boolean {
    if (this.#endReason !== undefined) return false;
    const next = this.#clock.next(stamped);
    if ("fault" in next) return this.#refuse(stamped, next.fault);
    const { frame, step } = next;
    this.#note(this.#tally.next(frame, step));
    if (!this.queue.admit(frame)) {
      this.#note(this.#tally.lose(lostFrame(frame, TOO_SLOW)));
      lostFrames();
      return false;
    }
    this.#note(this.#tally.endOfLoss());
    this.#queue.add(frame, onWritten);
    if (this.#queue.bytes > BATCH_BYTES) this.#wake();
    return true;
  }

  /** Said before the first frame: another file of the same recording has the one before it. */
  follow(frame: FrameName): void {
    this.#tally.follow(this.#clock.follows(frame));
  }

  /** Frames that should have been in the file and were lost before they got here. */
  noteLoss(lost: LostFrames): void {
    this.#note(this.#tally.lose(lost));
  }

  /** What the camera's source lost after the newest frame, which no frame has told. */
  noteSource(losses: readonly SourceLoss[]): void {
    if (this.#endReason === undefined) this.#note(this.#tally.source(losses, this.#clock.now()));
  }

  /** The clock that stamps the frames was set, though their times go on as before: by what another server's frames say. */
  noteStep(step: ClockStep): void {
    if (this.#endReason === undefined) this.#note(this.#tally.step(step));
  }

  /** Ends the recording once all that waits is written, and closes the file. */
  close(reason = "stopped"): Promise<RecordingSummary> {
    this.#endReason ??= reason;
    this.#wake();
    return this.ended;
  }

  #refuse(frame: Frame, why: string): false {
    const capturedAt = this.#tally.latestAt ?? this.#clock.now();
    this.#note(this.#tally.next({ ...frame, capturedAt }));
    this.#note(this.#tally.lose(lostFrame(frame, why)));
    return false;
  }

  #note(notes: ReturnType<Tally["next"]>): void {
    this.#queue.note(notes);
  }

  async #create(): Promise<RecordingFiles> {
    const { path } = this.#options;
    try {
      const lane = await laneOf(dirname(path));
      await lane.run(() => makeUsable(dirname(path)));
      if (this.#options.follows) this.#room?.begin();
      else await this.#room?.admit(); // what goes on in another file ends like any that has begun
      return await lane.run(() => RecordingFiles.create(path));
    } catch (error) {
      this.#endReason = diskFault(error);
      if (error instanceof ThingError) throw error;
      const why = `${path} cannot be created: ${reasonOf(error)}.${hintAt(path) || " Fix that, then record again."}`;
      throw new ThingError("RECORDING_FAILED", why, { cause: error });
    }
  }

  async #record(created: Promise<RecordingFiles>): Promise<RecordingSummary> {
    const files = await created;
    const lane = await laneOf(dirname(files.path));
    const watch = new FileWatch(files, lane);
    const disk = await this.#begin(files, lane, watch).catch((error) => this.#fail(files, error));
    if (!disk) return this.#leaveNothing(files, lane);
    this.#announceBeginning();
    const lack = await this.#writeAll(disk, lane, watch).catch((error) => this.#fail(files, error));
    if (lack && this.#tally.written === 0) return this.#leaveNothing(files, lane);
    this.#noteSteps();
    disk.lose(this.#queue.takeRest(), this.#endReason ?? "stopped");
    const about = { ended: this.#endReason ?? "stopped", refused: this.#refused, log: this.#log };
    return closeRecording({ files, disk, lane, ...about });
  }

  async #leaveNothing(files: RecordingFiles, lane: DiskLane): Promise<RecordingSummary> {
    const reason = this.#endReason ?? "stopped";
    for (const item of this.#queue.takeRest())
      if ("frame" in item) this.#tally.lose(lostFrame(item.frame, reason));
    await removeEmpty(files, lane, this.#log);
    return this.#tally.summary(reason, this.#refused, 0);
  }

  /** Waits for the first frame, which tells what the file's head says. */
  async #begin(files: RecordingFiles, lane: DiskLane, watch: FileWatch) {
    while (!this.#queue.firstFrame && this.#endReason === undefined) {
      await this.#pause(SOON_MS);
      await watch.look();
    }
    const first = this.#queue.firstFrame;
    if (!first || (await this.#lackFor(first.jpeg.length))) return undefined;
    const { head, mkv } = headsOf(files.path, first, this.#options, this.#clock.fleetOffset);
    return lane.run(() => RecordingDisk.begin(files, mkv, this.#tally, head));
  }

  async #writeAll(disk: RecordingDisk, lane: DiskLane, watch: FileWatch) {
    const warning = new LossWarning(this.#options.path, this.#log);
    let dueAt = watch.startedAt + HOLD_MS; // frames may have waited since
    while (this.#endReason === undefined || !this.#queue.isEmpty) {
      const lack = await this.#lackFor(this.#queue.batchBytes);
      const isDue = now() >= dueAt - EARLY_MS;
      if (isDue) dueAt = now() + HOLD_MS; // what comes from now on is not in this sync
      await lane.run(() => this.#writeBatch(disk, isDue));
      this.#room?.glance(this.#queue.takeCameBytes() * AHEAD);
      if (lack) return lack; // what has no room is listed
      await watch.look();
      this.#noteSteps();
      warning.look(this.#tally.dropped);
      await this.#pause(Math.max(SOON_MS, dueAt - now()));
    }
    return undefined;
  }

  /** Writes what waits, as far as there is room: who else records there may have taken what was foreseen for it. */
  async #writeBatch(disk: RecordingDisk, isSynced: boolean): Promise<void> {
    const batch = this.#queue.takeBatch(this.#room?.leftBytes);
    if (batch.length > 0) await disk.write(batch).finally(() => this.#queue.release(batch));
    this.#written(batch);
    if (isSynced) await disk.sync();
  }

  /** Ends it where so many bytes have no room. */
  async #lackFor(bytes: number): Promise<string | undefined> {
    const lack = await this.#room?.lackFor(bytes);
    if (lack) this.#endReason = lack;
    return lack;
  }

  #fail(files: RecordingFiles, error: unknown): undefined {
    this.#endReason = diskFault(error);
    this.#log.error(`The recording ${files.path} ends: ${this.#endReason}.`);
    return undefined;
  }

  get #refused(): number {
    return (this.#options.refused?.() ?? 0) - this.#refusedBefore;
  }

  #written(batch: readonly Item[]): void {
    for (const item of batch) {
      this.#writtenBytes += sizeOf(item);
      if ("frame" in item) item.onWritten?.();
    }
  }

  #noteSteps(): void {
    for (const step of this.#clock.newSteps()) this.#note(this.#tally.step(step));
  }

  /** Until a while has passed, much is waiting, or the recording shall end. */
  async #pause(ms: number): Promise<void> {
    if (this.#endReason !== undefined || this.#queue.bytes > BATCH_BYTES) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
