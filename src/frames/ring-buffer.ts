import { ThingError } from "../base/errors.ts";

/** The most recent `capacity` entries of one run. Old ones are overwritten in place; nothing grows. */
export class RingBuffer<T extends { readonly run: string; readonly index: number }> {
  readonly capacity: number;
  #slots: (T | undefined)[];
  #newest: T | undefined;
  #count = 0;

  /** @throws {ThingError} `BAD_ARGUMENT` unless `capacity` is a whole number from 1. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `A ring buffer holds a whole number of frames, 1 or more, not ${capacity}.`,
      );
    }
    this.capacity = capacity;
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  get newest(): T | undefined {
    return this.#newest;
  }

  get oldest(): T | undefined {
    return this.#newest && this.#slots[(this.#newest.index - this.#count + 1) % this.capacity];
  }

  /** How many are held now. */
  get count(): number {
    return this.#count;
  }

  /** Adds the next entry of the run, and returns the one that it takes the place of; one that does not follow the newest begins afresh. */
  push(entry: T): T | undefined {
    const follows = this.#newest?.run === entry.run && this.#newest.index + 1 === entry.index;
    if (!follows) this.clear();
    const slot = entry.index % this.capacity;
    const overwritten = this.#slots[slot];
    this.#slots[slot] = entry;
    this.#newest = entry;
    this.#count = Math.min(this.#count + 1, this.capacity);
    return overwritten;
  }

  /** @throws {ThingError} `FRAME_NOT_HELD` if the frame is overwritten or still to come. */
  get(index: number): T {
    const entry = this.#slots[index % this.capacity];
    if (entry?.index !== index) throw frameNotHeld(index, this.oldest, this.#newest);
    return entry;
  }

  /** What is held, oldest first. */
  entries(): T[] {
    const newest = this.#newest;
    if (!newest) return [];
    const first = newest.index - this.#count + 1;
    return Array.from({ length: this.#count }, (_, n) => this.get(first + n));
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#newest = undefined;
    this.#count = 0;
  }
}

function frameNotHeld(
  index: number,
  oldest: { index: number } | undefined,
  newest: { index: number } | undefined,
): ThingError {
  if (!Number.isInteger(index) || index < 0) {
    return new ThingError(
      "FRAME_NOT_HELD",
      `There is no frame ${index}: a frame's index is a whole number from 0.`,
    );
  }
  if (!oldest || !newest) {
    return new ThingError(
      "FRAME_NOT_HELD",
      `Frame ${index} is not in the ring buffer: no frame of this run has arrived yet.`,
    );
  }
  const why = index < oldest.index ? "it has been overwritten" : "it has not been captured yet";
  return new ThingError(
    "FRAME_NOT_HELD",
    `Frame ${index} is not in the ring buffer: ${why}. Frames ${oldest.index} to ${newest.index} are held.`,
  );
}
