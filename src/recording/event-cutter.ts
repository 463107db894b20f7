import type { Frame } from "../frames/frame.ts";
import type { LostFrames } from "./ledger.ts";
import type { PreRoll } from "./pre-roll.ts";

/** What a file of an event covers, epoch ms, both ends included. */
export interface EventWindow {
  readonly from: number;
  readonly until: number;
}

/** Where the frames of one event go. */
export interface EventSink {
  add(frame: Frame): void;
  noteLoss(lost: LostFrames): void;
  /** No more frames will come. */
  end(reason: string): void;
}

/** How a stream is cut into events. */
export interface EventOptions<Sink extends EventSink> {
  /** How much before a trigger is kept, ms. */
  readonly preMs: number;
  /** How much after it, ms. */
  readonly postMs: number;
  readonly preRoll: PreRoll;
  /** Called once for each file, with what it covers so far. */
  readonly open: (window: EventWindow) => Sink;
}

/** A frame that was captured in time may arrive this much late, ms. */
const LATE_MS = 1000;
const NO_ROOM = "there was no room for it before the trigger";

interface EventFile<Sink> {
  readonly sink: Sink;
  window: EventWindow;
}

/**
 * Cuts the windows about triggers out of a stream. A file is a connected union of the intervals `[t - pre, t + post]`: a
 * trigger whose interval touches the open file makes it longer, any other begins a new one. No frame is in two files.
 *
 * It has no clock, no timer and no disk: times come with frames, with triggers, and with `advance`. They are of one clock, and
 * those of triggers and of `advance` never step back.
 */
export class EventCutter<Sink extends EventSink> {
  readonly #options: EventOptions<Sink>;
  /** The file that a trigger may still make longer. */
  #open: EventFile<Sink> | undefined;
  /** Files that only wait for frames on their way. */
  readonly #leaving = new Set<EventFile<Sink>>();

  constructor(options: EventOptions<Sink>) {
    this.#options = options;
  }

  /** Whether any file waits for frames or triggers. */
  get active(): boolean {
    return this.#open !== undefined || this.#leaving.size > 0;
  }

  /** Something happened at this moment, epoch ms. @returns the file that it is in. */
  trigger(at: number): Sink {
    this.advance(at);
    const { preMs, postMs, preRoll } = this.#options;
    const until = at + postMs;
    const before = this.#open;
    if (before) {
      const covered = before.window.until;
      before.window = { from: before.window.from, until: Math.max(covered, until) };
      this.#give(
        before,
        preRoll.since(covered).filter(({ capturedAt }) => capturedAt > covered),
      );
      return before.sink;
    }
    const window = { from: at - preMs, until };
    const file = { sink: this.#options.open(window), window };
    this.#open = file;
    this.#give(file, preRoll.since(window.from));
    return file.sink;
  }

  /** A frame has arrived. */
  frame(frame: Frame): void {
    this.#options.preRoll.push(frame);
    for (const file of this.#files()) this.#give(file, [frame]);
    this.advance(frame.capturedAt);
    for (const file of this.#leaving) {
      if (frame.capturedAt > file.window.until) this.#end(file, "the window is over");
    }
  }

  /** It is this late now: no trigger of an earlier moment comes any more. */
  advance(now: number): void {
    const file = this.#open;
    if (file && now - this.#options.preMs > file.window.until) {
      this.#open = undefined;
      this.#leaving.add(file);
    }
    for (const leaving of this.#leaving) {
      if (now > leaving.window.until + LATE_MS) this.#end(leaving, "the window is over");
    }
  }

  /** Ends all files as they are. */
  end(reason: string): void {
    for (const file of this.#files()) this.#end(file, reason);
  }

  /** A file has ended by itself: the next trigger begins another. */
  forget(sink: Sink): void {
    if (this.#open?.sink === sink) this.#open = undefined;
    for (const file of this.#leaving) if (file.sink === sink) this.#leaving.delete(file);
  }

  #files(): EventFile<Sink>[] {
    return this.#open ? [...this.#leaving, this.#open] : [...this.#leaving];
  }

  #give({ sink, window }: EventFile<Sink>, frames: ReturnType<PreRoll["since"]>): void {
    for (const frame of frames) {
      if (frame.capturedAt < window.from || frame.capturedAt > window.until) continue;
      if (frame.jpeg) sink.add(frame);
      else {
        const { run, index } = frame;
        sink.noteLoss({ run, from: index, to: index, why: NO_ROOM });
      }
    }
  }

  #end(file: EventFile<Sink>, reason: string): void {
    this.#leaving.delete(file);
    if (this.#open === file) this.#open = undefined;
    file.sink.end(reason);
  }
}
