import { randomBytes } from "node:crypto";
import { History } from "../base/history.ts";
import type { FrameEntry, FrameGap } from "../frames/frame.ts";

const MAX_RUNS = 1000;

/** Every frame of a stream in order, over all of its runs. Which frame stood at a position is known longer than it is held. */
export class FrameLog extends History<FrameEntry> {
  readonly #runs: { readonly run: string; readonly start: number }[] = [];

  constructor(capacity: number) {
    super({ capacity });
  }

  /** Names a new run. */
  beginRun(): string {
    const run = newRun();
    this.#runs.push({ run, start: this.end });
    if (this.#runs.length > MAX_RUNS) this.#runs.shift();
    return run;
  }

  override add({ run, index, capturedAt, size }: FrameEntry): FrameEntry {
    return super.add({ run, index, capturedAt, size });
  }

  /** The position of the oldest frame whose run is still known. */
  get firstKnown(): number {
    return this.#runs[0]?.start ?? 0;
  }

  /** Which frame stands at a position. */
  identityAt(position: number): { run: string; index: number } | undefined {
    const found = this.#runs.findLast(({ start }) => start <= position);
    return found && { run: found.run, index: position - found.start };
  }

  /** Where a frame stands or will stand, if its run is known. */
  positionOf(run: string, index: number): number | undefined {
    const found = this.#runs.find((known) => known.run === run);
    return found && found.start + index;
  }

  /** Where to go on after a frame; after one of an unknown run, with the oldest frame that is held. */
  cursorAfter({ run, index }: { run: string; index: number }): number {
    return this.positionOf(run, index + 1) ?? this.begin;
  }

  /** Reads the entries after a frame, or else from the next to arrive. */
  readerAfter(after?: { run: string; index: number }): FrameReader<FrameEntry> {
    const run = after?.run ?? this.#runs.at(-1)?.run ?? "";
    const position = after ? this.cursorAfter(after) : this.end;
    return new FrameReader(this, run, position, (at) => this.at(at));
  }

  /** The position after the last frame of a run, so far. */
  endOf(run: string): number {
    const n = this.#runs.findIndex((known) => known.run === run);
    return this.#runs[n + 1]?.start ?? this.end;
  }
}

/**
 * One reader of a log. It goes over every position once, in order; what `find` no longer has becomes a gap that names
 * the frames, and a new run is told before its first frame.
 */
export class FrameReader<T> {
  readonly #log: FrameLog;
  readonly #find: (position: number) => T | undefined;
  #run: string;
  #position: number;

  /** @param run - Of the last frame that it knows. */
  constructor(
    log: FrameLog,
    run: string,
    position: number,
    find: (position: number) => T | undefined,
  ) {
    this.#log = log;
    this.#run = run;
    this.#position = position;
    this.#find = find;
  }

  /** The next frame or gap; nothing while the reader is up to date. */
  next(): T | FrameGap | undefined {
    this.#position = Math.min(this.#position, this.#endOfWaiting());
    if (this.#position >= this.#log.end) return undefined;
    const identity = this.#log.identityAt(this.#position) ?? this.#skipForgotten();
    if (identity.run !== this.#run) {
      const previousRun = this.#run;
      this.#run = identity.run;
      return { kind: "run", run: identity.run, previousRun };
    }
    const found = this.#find(this.#position);
    if (found === undefined) return this.#gap(identity);
    this.#position += 1;
    return found;
  }

  /** A reader who asked for a frame to come does not wait past the end of its run. */
  #endOfWaiting(): number {
    const end = this.#log.endOf(this.#run);
    return end === this.#log.end ? Number.POSITIVE_INFINITY : end;
  }

  #gap({ run, index }: { run: string; index: number }): FrameGap {
    const end = this.#log.endOf(run);
    const from = this.#position;
    // A reader may come back after millions of frames, and what the log no longer holds need not be looked for.
    this.#position = Math.max(from + 1, Math.min(end, this.#log.begin));
    while (this.#position < end && this.#find(this.#position) === undefined) this.#position += 1;
    return { kind: "gap", run, from: index, to: index + this.#position - 1 - from };
  }

  /** More runs have passed than the log remembers: go on with the oldest that it knows. */
  #skipForgotten(): { run: string; index: number } {
    this.#position = this.#log.firstKnown;
    return this.#log.identityAt(this.#position)!;
  }
}

/** Six characters, so that runs of one stream are told apart by eye. */
function newRun(): string {
  return (randomBytes(4).readUInt32BE() % 36 ** 6).toString(36).padStart(6, "0");
}
