import { randomBytes } from "node:crypto";

/** What is remembered of a frame when its picture is gone. */
export interface FrameEntry {
  readonly run: string;
  readonly index: number;
  /** On the clock of `now()`, ms. */
  readonly capturedAt: number;
  /** Bytes of the JPEG. */
  readonly size: number;
}

/** What a reader of every frame is told instead of frames: some are gone, or a new run has begun. */
export type Gap =
  | {
      readonly kind: "gap";
      readonly run: string;
      /** First index that is gone. */
      readonly from: number;
      /** Last index that is gone. */
      readonly to: number;
    }
  | { readonly kind: "run"; readonly run: string; readonly previousRun: string };

const MAX_RUNS = 1000;

/**
 * Every frame of a stream in order, over all of its runs: the `position` of a frame counts from the stream's
 * first. The newest `capacity` entries are held; which frame stood at an older position is still known.
 */
export class FrameLog {
  readonly capacity: number;
  readonly #entries: FrameEntry[] = [];
  readonly #runs: { readonly run: string; readonly start: number }[] = [];
  #end = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** The position of the next frame to arrive. */
  get end(): number {
    return this.#end;
  }

  /** Names a new run. */
  beginRun(): string {
    const run = newRun();
    this.#runs.push({ run, start: this.#end });
    if (this.#runs.length > MAX_RUNS) this.#runs.shift();
    return run;
  }

  add({ run, index, capturedAt, size }: FrameEntry): FrameEntry {
    const entry = { run, index, capturedAt, size };
    this.#entries[this.#end % this.capacity] = entry;
    this.#end += 1;
    return entry;
  }

  /** The entry at a position, unless it is overwritten or still to come. */
  at(position: number): FrameEntry | undefined {
    if (position >= this.#end || position < this.#end - this.capacity) return undefined;
    return this.#entries[position % this.capacity];
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
  placeAfter({ run, index }: { run: string; index: number }): { run: string; position: number } {
    const position = this.positionOf(run, index + 1);
    return { run, position: position ?? Math.max(0, this.#end - this.capacity) };
  }

  /** The position after the last frame of a run, so far. */
  endOf(run: string): number {
    const n = this.#runs.findIndex((known) => known.run === run);
    return this.#runs[n + 1]?.start ?? this.#end;
  }

  /** What is held, oldest first. */
  entries(): FrameEntry[] {
    const first = Math.max(0, this.#end - this.capacity);
    return Array.from({ length: this.#end - first }, (_, n) => this.at(first + n)!);
  }
}

/**
 * One reader's place in a log. It goes over every position once, in order; what `find` no longer has becomes a
 * gap that names the frames, and a new run is told before its first frame.
 */
export class LogReader<T> {
  readonly #log: FrameLog;
  readonly #find: (position: number) => T | undefined;
  #run: string;
  #position: number;

  constructor(
    log: FrameLog,
    place: { run: string; position: number },
    find: (position: number) => T | undefined,
  ) {
    this.#log = log;
    this.#run = place.run;
    this.#position = place.position;
    this.#find = find;
  }

  /** The next frame or gap; nothing while the reader is up to date. */
  next(): T | Gap | undefined {
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

  #gap({ run, index }: { run: string; index: number }): Gap {
    const end = this.#log.endOf(run);
    let to = index;
    this.#position += 1;
    while (this.#position < end && this.#find(this.#position) === undefined) {
      this.#position += 1;
      to += 1;
    }
    return { kind: "gap", run, from: index, to };
  }

  /** More runs have passed than the log remembers: go on with the oldest that it knows. */
  #skipForgotten(): { run: string; index: number } {
    while (this.#log.identityAt(this.#position) === undefined) this.#position += 1;
    return this.#log.identityAt(this.#position)!;
  }
}

/** Six characters, so that runs of one stream are told apart by eye. */
function newRun(): string {
  return (randomBytes(4).readUInt32BE() % 36 ** 6).toString(36).padStart(6, "0");
}
