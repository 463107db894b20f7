import type { Frame, FrameName } from "../../frames/frame.ts";
import type { LostFrames } from "../ledger/ledger.ts";
import { type ForgottenFrame, NO_ROOM, type PreRoll } from "./pre-roll.ts";

/** What a file of an event covers, epoch ms, both ends included. */
export interface EventWindow {
  readonly from: number;
  readonly until: number;
}

/** Where the frames of one file go. `Other` is the class of the files that may take its place. */
export interface EventSink<Other = never> {
  /** @returns false when the file has failed, so that the frame is not in its account. */
  add(frame: Frame): unknown;
  /** As `add`, for a frame that the pre-roll holds: `add` is called for it when this is not there. */
  addPast?(frame: Frame): boolean;
  noteLoss(lost: LostFrames): void;
  /** Called before the first frame of a file that goes on where another ended: with that one's last frame. */
  follow?(frame: FrameName): void;
  /** Called when the file has failed and another begins, with that and its first frame. */
  replacedFrom?(frame: FrameName, by: Other): void;
  /** Whether it takes no more frames, though nobody has ended it. */
  readonly failed?: boolean;
  /** Whether there never was a file: its frames are in no account. */
  readonly isNowhere?: boolean;
  /** No more frames will come. */
  end(reason: string): void;
}

/** How a stream is cut into events. */
interface EventOptions<Sink extends EventSink<Sink>> {
  /** How much before a trigger is kept, ms. */
  readonly preMs: number;
  /** How much after it, ms. */
  readonly postMs: number;
  /** A file is at most this long, ms: an event that goes on has several. Without end when absent. */
  readonly maxMs?: number | undefined;
  /** The JPEGs of a file have at most this many bytes together, unless it is a single one. */
  readonly maxBytes?: number | undefined;
  readonly preRoll: PreRoll;
  /** Called once for each file, with what it covers so far, and the file before when it goes on where that ends. */
  readonly open: (window: EventWindow, before?: Sink) => Sink;
}

/** A frame that was captured in time may arrive this much late, ms. */
const LATE_MS = 1000;
const OVER = "the window is over";
const SPLIT = "split";

/** What one or more triggers make: until when it goes on, epoch ms, and why it ends then if somebody has said so. */
interface Event {
  until: number;
  ended?: string;
}

/** A file of an event. */
interface Part<Sink> {
  readonly sink: Sink;
  readonly event: Event;
  readonly from: number;
  /** It ends before this moment; not known before its first frame. */
  end: number;
  bytes: number;
  /** The newest frame that is in its account, and the one that was in that of others before. */
  latest?: FrameName;
  /** The newest frame that it was given. */
  given?: FrameName;
  before: FrameName | undefined;
  isBegun: boolean;
  /** It goes on where another file of its event ends. */
  readonly isNext: boolean;
  /** Another file goes on where it ends. */
  isSplit: boolean;
}

/**
 * Cuts the windows about triggers out of a stream. An event is a connected union of the intervals `[t - pre, t + post]`: a
 * trigger whose interval touches the open one makes it longer, any other begins a new one. An event has one file, or several
 * where it is longer than a file may be: the next begins with the very next frame. No frame is in two files.
 *
 * It has no clock, no timer and no disk: times come with frames, with triggers, and with `advance`. They are of one clock, and
 * those of triggers and of `advance` never step back.
 */
export class EventCutter<Sink extends EventSink<Sink>> {
  readonly #options: EventOptions<Sink>;
  /** The newest file of the event that a trigger may still make longer. */
  #open: Part<Sink> | undefined;
  /** Files that only wait for frames on their way, oldest first. */
  readonly #leaving = new Set<Part<Sink>>();
  /** The newest frame that is in the account of a file. */
  #latest: FrameName | undefined;

  constructor(options: EventOptions<Sink>) {
    this.#options = options;
  }

  /** Whether any file waits for frames or triggers. */
  get active(): boolean {
    return this.#open !== undefined || this.#leaving.size > 0;
  }

  /** Something happened at this moment, epoch ms. @returns the file that has it. */
  trigger(at: number): Sink {
    this.#leave(at);
    const { preMs, postMs } = this.#options;
    const until = at + postMs;
    if (this.#open && !this.#open.sink.failed) this.#lengthen(this.#open.event, until);
    else this.#begin({ from: at - preMs, until });
    const open = this.#open!;
    const last = at >= open.end ? this.#split(open, open.end) : open;
    const parts = this.#parts().filter(({ event }) => event === last.event);
    return (parts.findLast(({ from }) => from <= at) ?? last).sink;
  }

  /** The open event goes on until `release` is called, whatever is triggered meanwhile. @returns its newest file. */
  hold(): Sink | undefined {
    if (this.#open) this.#open.event.until = Number.POSITIVE_INFINITY;
    return this.#open?.sink;
  }

  /** The event that was held ends with the last frame captured until then, epoch ms. The next trigger begins another. */
  release(at: number, reason: string): void {
    const open = this.#open;
    if (!open || Number.isFinite(open.event.until)) return;
    Object.assign(open.event, { until: at, ended: reason });
    this.#open = undefined;
    this.#leaving.add(open);
  }

  /** A frame has arrived. */
  frame(frame: Frame): void {
    this.#options.preRoll.push(frame);
    this.#route(frame, false);
    this.advance(frame.capturedAt);
    for (const part of this.#leaving) if (frame.capturedAt > lastOf(part)) this.#end(part, OVER);
  }

  /** It is this late now: what has arrived was given, and no trigger of an earlier moment comes any more. */
  advance(now: number): void {
    this.#leave(now);
    for (const part of this.#leaving) if (now > lastOf(part) + LATE_MS) this.#end(part, OVER);
  }

  /** Ends all files as they are. */
  end(reason: string): void {
    for (const part of this.#parts()) this.#end(part, reason);
  }

  /** A file has ended by itself: the next trigger begins another. */
  forget(sink: Sink): void {
    if (this.#open?.sink === sink) this.#open = undefined;
    for (const part of this.#leaving) if (part.sink === sink) this.#leaving.delete(part);
  }

  /** From this moment on no trigger makes an event longer that ended before: its file only waits for frames. */
  #leave(now: number): void {
    const open = this.#open;
    if (!open || now - this.#options.preMs <= open.event.until) return;
    this.#open = undefined;
    this.#leaving.add(open);
  }

  #parts(): Part<Sink>[] {
    return this.#open ? [...this.#leaving, this.#open] : [...this.#leaving];
  }

  /** The open event goes on until then, with what the pre-roll has of the time since it was to end. */
  #lengthen(event: Event, until: number): void {
    const covered = event.until;
    event.until = Math.max(covered, until);
    const past = this.#options.preRoll.since(covered);
    for (const frame of past) if (frame.capturedAt > covered) this.#route(frame, true);
  }

  /** Begins an event, with what the pre-roll has of it and no file has. */
  #begin(window: EventWindow): void {
    const failed = this.#open;
    if (failed) this.#disown(failed);
    this.#open = this.#partOf(this.#options.open(window), { until: window.until }, window.from);
    const past = after(this.#latest, this.#options.preRoll.since(window.from));
    if (failed) {
      failed.end = window.from;
      failed.isSplit = true;
      this.#leaving.add(failed); // for frames before that which are on their way
    }
    for (const { sink } of this.#leaving) {
      if (past[0] && sink.failed) sink.replacedFrom?.(past[0], this.#open.sink);
    }
    for (const frame of past) this.#route(frame, true);
    // What came until now is in the account of the one that failed, should this one come to nothing.
    if (failed && !failed.sink.isNowhere) this.#open.before = this.#latest;
  }

  /** Gives a frame to the file that it belongs to, if to any. */
  #route(frame: Frame | ForgottenFrame, isPast: boolean): void {
    const { capturedAt } = frame;
    const part = this.#parts().findLast(
      ({ from, event, isSplit, end }) =>
        capturedAt >= from && capturedAt <= event.until && !(isSplit && capturedAt >= end),
    );
    if (!part) return;
    const isFull = frame.jpeg && this.#isFull(part, frame);
    const next = isFull ? this.#split(part, Math.min(capturedAt, part.end)) : part;
    this.#give(next, frame, isPast);
  }

  #isFull({ end, bytes }: Part<Sink>, { capturedAt, jpeg }: Frame): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    return capturedAt >= end || (bytes > 0 && bytes + jpeg.length > maxBytes);
  }

  /** An event goes on in another file from this moment on. */
  #split(part: Part<Sink>, from: number): Part<Sink> {
    const { event } = part;
    const sink = this.#options.open({ from, until: event.until }, part.sink);
    const next = { ...this.#partOf(sink, event, from), isNext: true };
    const isOpen = this.#open === part;
    part.end = from;
    part.isSplit = true; // and left open: frames before this moment may be on their way
    if (isOpen) this.#open = next;
    this.#leaving.add(isOpen ? part : next);
    return next;
  }

  #give(part: Part<Sink>, frame: Frame | ForgottenFrame, isPast: boolean): void {
    const { sink } = part;
    const { run, index, capturedAt, jpeg, clockSet } = frame;
    const name = { run, index, capturedAt, clockSet };
    if (!jpeg) {
      sink.noteLoss({ run, from: index, to: index, why: frame.why ?? NO_ROOM });
      part.latest = this.#latest = name;
      return;
    }
    if (!part.isBegun) {
      part.isBegun = true;
      part.end = Math.min(part.end, capturedAt + (this.#options.maxMs ?? part.end));
      if (part.isNext && this.#latest) sink.follow?.(this.#latest);
    }
    part.given = name;
    const taken = isPast && sink.addPast ? sink.addPast(frame) : sink.add(frame);
    if (taken === false) return;
    part.bytes += jpeg.length;
    part.latest = this.#latest = name;
  }

  /** What was given to a file that never was is for the next one. */
  #disown({ sink, latest, before }: Part<Sink>): void {
    if (sink.isNowhere && this.#latest === latest) this.#latest = before;
  }

  /** What came when a file had failed is in its account for good, once its window is over. */
  #settle({ sink, given }: Part<Sink>): void {
    const isNewer =
      given && given.capturedAt > (this.#latest?.capturedAt ?? Number.NEGATIVE_INFINITY);
    if (isNewer && sink.failed && !sink.isNowhere) this.#latest = given;
  }

  #partOf(sink: Sink, event: Event, from: number): Part<Sink> {
    const flags = { isBegun: false, isNext: false, isSplit: false };
    const end = Number.POSITIVE_INFINITY;
    return { sink, event, from, end, bytes: 0, before: this.#latest, ...flags };
  }

  #end(part: Part<Sink>, reason: string): void {
    this.#leaving.delete(part);
    if (this.#open === part) this.#open = undefined;
    this.#disown(part);
    this.#settle(part);
    const { isSplit, event } = part;
    const over = isSplit ? SPLIT : (event.ended ?? OVER);
    part.sink.end(reason === OVER ? over : reason);
  }
}

/** The last moment that belongs to a file, or the first that belongs to the next. */
function lastOf({ end, event, isSplit }: Part<unknown>): number {
  return isSplit ? Math.min(end, event.until) : event.until;
}

/** Those of a pre-roll's frames that came after one. */
function after<Past extends FrameName>(one: FrameName | undefined, frames: Past[]): Past[] {
  const at = frames.findLastIndex(({ run, index }) => run === one?.run && index === one.index);
  return frames.slice(at + 1);
}
