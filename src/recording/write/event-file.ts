import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { laneOf } from "../../base/disk-lane.ts";
import { reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Frame, FrameName, SourceLoss } from "../../frames/frame.ts";
import { type LostFrames, noteLine, type RecordingSummary } from "../ledger/ledger.ts";
import { ledgerPathOf } from "../ledger/video-names.ts";
import { loseInUnclosed } from "./closing.ts";
import type { EventSink } from "./event-cutter.ts";
import type { EventMemory } from "./event-memory.ts";
import type { FrameQueue } from "./write-queue.ts";

/** A file that a recorder writes: `RecordingWriter`, or one of its users' own. */
export interface FrameWriter {
  /** The file's name, once it is there. */
  readonly opened: Promise<string>;
  /** How it went, once it is closed. */
  readonly ended: Promise<RecordingSummary>;
  /** Settles when its first frame has a place, or it has ended without one. */
  readonly begun?: Promise<void>;
  /** Why it ends or has ended, also by itself; undefined while it takes frames. */
  readonly endReason?: string | undefined;
  /** What bounds the frames that wait for the disk. */
  readonly queue?: FrameQueue;
  /** What is made of the file. A file that stays as it is written has none. */
  readonly conversion?: Conversion;
  add(frame: Frame): boolean;
  noteLoss(lost: LostFrames): void;
  /** What the camera's source lost after the newest frame. A writer that does not keep it leaves this out. */
  noteSource?(losses: readonly SourceLoss[]): void;
  /** Said before the first frame: another file has the one before it. */
  follow?(frame: FrameName): void;
  close(reason: string): Promise<RecordingSummary>;
}

/** A video that is made of a recording. */
export interface Conversion {
  /** Settles when the disk has all frames of the recording, whatever is still to be made of them. */
  readonly recorded: Promise<RecordingSummary>;
  /** How much of it is made, 0 to 1. */
  readonly fraction: number;
  /** Where it is once `ended` has settled: the recording itself when nothing could be made of it. */
  readonly path?: string | undefined;
}

/** How a trigger is answered. */
export interface RecordOptions {
  /** How long it may take until the file is there, s. */
  readonly maxDelaySec?: number | undefined;
  /** Why: said in the file that this trigger begins. */
  readonly reason?: string | undefined;
  /** The event goes on until `stopEvent` is called. */
  readonly untilStopped?: boolean | undefined;
  /** Called with the file's name once it is closed. Of several for one file, the last one is. */
  readonly onVideoFinished?: ((path: string, summary: RecordingSummary) => void) | undefined;
}

/** What a recorder is doing: no frame has come, it waits for a trigger, a file is being opened, written, closed. */
export type RecorderPhase = "detached" | "buffering" | "starting" | "recording" | "finishing";

/** What a file of an event is made with. */
interface EventFileOptions {
  readonly writer: FrameWriter;
  /** Why it was begun. */
  readonly reason: string;
  readonly memory: EventMemory;
  /** What the source has lost that no frame has told yet. */
  readonly pendingLosses: () => readonly SourceLoss[];
  readonly log: Log;
}

/** One file of an event, from its trigger until it is closed. */
export class EventFile implements EventSink<EventFile> {
  readonly writer: FrameWriter;
  readonly reason: string;
  readonly path: Promise<string>;
  /** How it went, once it is closed and its window is over. Frames that came after it had failed are in its account. */
  readonly finished: Promise<RecordingSummary>;
  onVideoFinished: RecordOptions["onVideoFinished"];
  /** Once it is there. */
  openedPath: string | undefined;
  #phase: RecorderPhase = "starting";
  readonly #memory: EventMemory;
  readonly #log: Log;
  readonly #pendingLosses: () => readonly SourceLoss[];
  /** Frames of its window that came after it had failed. */
  readonly #missed: LostFrames[] = [];
  #given = 0;
  #first: Pick<Frame, "run" | "index"> | undefined;
  #isNowhere = false;
  /** Whether there is a file with frames: one that has no room for its first is removed. */
  readonly #hasFrames: Promise<boolean>;
  #replaced: Promise<void> | undefined;
  #isOver = false;
  #announceEnd: () => void = () => {};

  constructor({ writer, reason, memory, pendingLosses, log }: EventFileOptions) {
    this.writer = writer;
    this.reason = reason;
    this.#memory = memory;
    this.#pendingLosses = pendingLosses;
    this.#log = log;
    this.path = writer.opened;
    this.path.then(
      (path) => {
        this.openedPath = path;
        if (this.#phase === "starting") this.#phase = "recording";
      },
      () => {},
    );
    this.#hasFrames = this.#begins();
    void this.#hasFrames.then((has) => {
      this.#isNowhere = !has;
    });
    const over = new Promise<void>((resolve) => {
      this.#announceEnd = resolve;
    });
    this.finished = this.#finish(over);
  }

  get phase(): RecorderPhase {
    return this.#phase === "recording" && this.failed ? "finishing" : this.#phase;
  }

  /** Whether it has ended by itself: the disk failed, or has no more room. */
  get failed(): boolean {
    return !this.#isOver && this.writer.endReason !== undefined;
  }

  get isNowhere(): boolean {
    return this.#isNowhere;
  }

  /** How many frames it was given, and no other has. */
  get given(): number {
    return this.#given;
  }

  add(frame: Frame): boolean {
    this.#given += 1;
    this.#first ??= { run: frame.run, index: frame.index };
    if (this.writer.add(frame)) return true;
    const why = this.writer.endReason;
    if (why === undefined) return true; // it was too much, and the ledger says so
    this.#miss(frame, why);
    return false;
  }

  addPast(frame: Frame): boolean {
    if (this.writer.queue !== this.#memory) return this.add(frame);
    this.#memory.lend(frame, this);
    return this.add(frame);
  }

  noteLoss(lost: LostFrames): void {
    if (this.failed) this.#missed.push(lost);
    else this.writer.noteLoss(lost);
  }

  follow(frame: FrameName): void {
    this.writer.follow?.(frame);
  }

  replacedFrom(frame: Pick<Frame, "run" | "index">, by: EventFile): void {
    this.#replaced = by.#hasFrames.then((has) => {
      if (has) this.#leave(frame);
    });
  }

  end(reason: string): void {
    this.#phase = "finishing";
    this.#isOver = true;
    this.writer.noteSource?.(this.#pendingLosses());
    this.writer.close(reason).catch(() => {}); // `ended` is where it is told
    this.#announceEnd();
  }

  async #begins(): Promise<boolean> {
    try {
      await this.path;
      await this.writer.begun;
      return this.writer.endReason === undefined || (await this.writer.ended).written > 0;
    } catch {
      return false;
    }
  }

  /** From this frame on another file has them. */
  #leave({ run, index }: Pick<Frame, "run" | "index">): void {
    const first = this.#first;
    if (this.#isNowhere && first?.run === run) this.#given = Math.max(0, index - first.index);
    const at = this.#missed.findIndex((lost) => lost.run === run && lost.to >= index);
    const [cut] = at < 0 ? [] : this.#missed.splice(at);
    if (cut && cut.from < index) this.#missed.push({ ...cut, to: index - 1 });
  }

  #miss({ run, index }: Frame, why: string): void {
    const last = this.#missed.at(-1);
    if (last?.run !== run || last.to + 1 !== index) {
      this.#missed.push({ run, from: index, to: index, why });
    } else this.#missed[this.#missed.length - 1] = { ...last, to: index };
  }

  async #finish(over: Promise<void>): Promise<RecordingSummary> {
    const { ended } = this.writer;
    await ended.catch(() => {});
    this.#memory.settle(this);
    if (this.failed) this.#phase = "buffering"; // nothing of it is recorded any more
    await over;
    await this.#replaced;
    return noteLateLosses(await this.path, this.#missed, await ended, this.#log);
  }
}

/**
 * Lists frames that belong to a recording and came when it had failed already: in its ledger, which gets a new summary behind
 * the one that it has. @returns that summary, also when the disk does not take it, which is logged.
 */
async function noteLateLosses(
  path: string,
  lost: readonly LostFrames[],
  summary: RecordingSummary,
  log: Log,
): Promise<RecordingSummary> {
  if (lost.length === 0) return summary;
  const unclosed = await loseInUnclosed(path, lost);
  if (unclosed) return unclosed;
  const amended = withLosses(summary, lost);
  if (summary.written === 0) return amended; // there is no file
  try {
    await append(path, [...lost.map((dropped) => ({ dropped })), { summary: amended }]);
  } catch (error) {
    const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    log.error(
      `${count} frames that came after ${path} had failed could not be listed in its ledger: ${reasonOf(error)}.`,
    );
  }
  return amended;
}

async function append(path: string, notes: readonly Parameters<typeof noteLine>[0][]) {
  const lane = await laneOf(dirname(path));
  await lane.run(async () => {
    const ledger = await open(ledgerPathOf(path), "r+");
    try {
      const { size } = await ledger.stat();
      await ledger.write(notes.map(noteLine).join(""), size);
      await ledger.datasync();
    } finally {
      await ledger.close();
    }
  });
}

function withLosses(summary: RecordingSummary, lost: readonly LostFrames[]): RecordingSummary {
  const dropped: Record<string, number> = { ...summary.dropped };
  let captured = summary.captured;
  for (const { from, to, why } of lost) {
    const count = to - from + 1;
    captured += count;
    dropped[why] = (dropped[why] ?? 0) + count;
  }
  return { ...summary, captured, dropped };
}
