import { wallTime } from "./clock.ts";

/**
 * Names what happens by its time, microseconds since the Unix epoch. No two stamps are the same, and each is greater than
 * all before it: also when the clock is set back, until which time they are a microsecond apart; and across restarts,
 * unless it was set back between them.
 */
export class Stamps {
  #last = 0;

  /** For what happens now. */
  next(): number {
    this.#last = Math.max(this.#last + 1, microseconds());
    return this.#last;
  }

  /** After every stamp that there is, before every one to come. */
  present(): number {
    this.#last = Math.max(this.#last, microseconds());
    return this.#last;
  }
}

/** Of all histories of this process, so that entries of several have one order. */
export const stamps = new Stamps();

interface HistoryLimits<T> {
  /** How many entries are held. */
  readonly capacity: number;
  /** How much is held, as `sizeOf` measures it. One entry is held however large it is. */
  readonly maxSize?: number;
  readonly sizeOf?: (entry: T) => number;
  /** Told of each entry that is held no more. */
  readonly onDrop?: (entry: T) => void;
}

/**
 * The newest entries of something that goes on, held once for all readers. An entry's position counts from the first. A
 * reader is a position: nothing queues for it, and what is dropped before it was read is what the reader has missed.
 */
export class History<T> {
  readonly capacity: number;
  readonly #maxSize: number;
  readonly #sizeOf: (entry: T) => number;
  readonly #onDrop: (entry: T) => void;
  readonly #entries: (T | undefined)[] = [];
  readonly #stamps: number[] = [];
  readonly #listeners = new Set<() => void>();
  #begin = 0;
  #end = 0;
  #size = 0;
  #heldSince = stamps.present();

  constructor({
    capacity,
    maxSize = Number.POSITIVE_INFINITY,
    sizeOf = () => 0,
    onDrop = () => {},
  }: HistoryLimits<T>) {
    this.capacity = capacity;
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
    this.#onDrop = onDrop;
  }

  /** The position of the oldest entry that is held. */
  get begin(): number {
    return this.#begin;
  }

  /** The position of the next entry. */
  get end(): number {
    return this.#end;
  }

  /** Every entry with a greater stamp than this is held. */
  get heldSince(): number {
    return this.#heldSince;
  }

  /** @param stamp - Greater than that of every entry before it. */
  add(entry: T, stamp: number = stamps.next()): T {
    if (this.#end - this.#begin === this.capacity) this.#dropOldest();
    this.#entries[this.#end % this.capacity] = entry;
    this.#stamps[this.#end % this.capacity] = stamp;
    this.#end += 1;
    this.#size += this.#sizeOf(entry);
    while (this.#size > this.#maxSize && this.#end - this.#begin > 1) this.#dropOldest();
    if (this.#listeners.size > 0) for (const listener of [...this.#listeners]) listener();
    return entry;
  }

  /** Calls `listener` after each entry that is added; returns how to end that. */
  onAdd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The entry at a position, unless it was dropped or is still to come. */
  at(position: number): T | undefined {
    return this.#holds(position) ? this.#entries[position % this.capacity] : undefined;
  }

  /** When the entry at a position happened, of one that is held. */
  stampAt(position: number): number | undefined {
    return this.#holds(position) ? this.#stamps[position % this.capacity] : undefined;
  }

  /** The position of the oldest entry held that has a greater stamp than this; `end` when there is none. */
  positionAfter(stamp: number): number {
    let low = this.#begin;
    let high = this.#end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#stamps[middle % this.capacity]! > stamp) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What is held, oldest first. */
  entries(): T[] {
    return Array.from({ length: this.#end - this.#begin }, (_, n) => this.at(this.#begin + n)!);
  }

  #holds(position: number): boolean {
    return position >= this.#begin && position < this.#end;
  }

  #dropOldest(): void {
    const slot = this.#begin % this.capacity;
    const dropped = this.#entries[slot]!;
    this.#entries[slot] = undefined;
    this.#heldSince = this.#stamps[slot]!;
    this.#begin += 1;
    this.#size -= this.#sizeOf(dropped);
    this.#onDrop(dropped);
  }
}

function microseconds(): number {
  return Math.floor(wallTime() * 1000);
}
