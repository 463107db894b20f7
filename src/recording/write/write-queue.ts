import type { Frame } from "../../frames/frame.ts";
import type { LedgerNote } from "../ledger/ledger.ts";
import type { Item } from "./recording-disk.ts";

/** Bounds what waits for a disk. Several files may share one. */
export interface FrameQueue {
  /** Whether a frame may wait. If so, it counts until `release` is called. */
  admit(frame: Pick<Frame, "jpeg">): boolean;
  /** A frame that was admitted is written, or lost: it waits no more. */
  release(frame: Pick<Frame, "jpeg">): void;
}

/** What may wait for a disk when nobody says otherwise, bytes. */
const QUEUED_BYTES = 64 * 2 ** 20;

/** A bound in bytes. */
export class QueueBound implements FrameQueue {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number = QUEUED_BYTES) {
    this.#maxBytes = maxBytes;
  }

  admit({ jpeg }: Pick<Frame, "jpeg">): boolean {
    if (this.#bytes + jpeg.length > this.#maxBytes) return false;
    this.#bytes += jpeg.length;
    return true;
  }

  release({ jpeg }: Pick<Frame, "jpeg">): void {
    this.#bytes -= jpeg.length;
  }
}

/** As much is written at once, bytes. */
export const BATCH_BYTES = 8 * 2 ** 20;

/** What one file waits to write, in order. */
export class WriteQueue {
  /** What bounds it, perhaps together with others. */
  readonly bound: FrameQueue;
  readonly #items: Item[] = [];
  #bytes = 0;
  #cameBytes = 0;
  #came: { bytes: number } | undefined;

  constructor(bound: FrameQueue) {
    this.bound = bound;
  }

  /** Bytes of the frames that wait, and of those that are being written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the next batch, at most, while none is being written. */
  get batchBytes(): number {
    return Math.min(this.#bytes, BATCH_BYTES);
  }

  /** Bytes that have come since this was asked last; 0 the first time, when all may have come at once. */
  takeCameBytes(): number {
    const { bytes = this.#cameBytes } = this.#came ?? {};
    this.#came = { bytes: this.#cameBytes };
    return this.#cameBytes - bytes;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get firstFrame(): Frame | undefined {
    return this.#items.find((item) => "frame" in item)?.frame;
  }

  /** Adds a frame that `bound` has admitted. */
  add(frame: Frame, onWritten?: () => void): void {
    this.#items.push({ frame, onWritten });
    this.#bytes += frame.jpeg.length;
    this.#cameBytes += frame.jpeg.length;
  }

  note(notes: readonly LedgerNote[]): void {
    for (const note of notes) this.#items.push({ note });
  }

  /** What is to be written next, frames of `mostBytes` at most; `release` it when that is over. */
  takeBatch(mostBytes = Number.POSITIVE_INFINITY): Item[] {
    let [count, bytes] = [0, 0];
    for (; count < this.#items.length && bytes < BATCH_BYTES; count++) {
      bytes += sizeOf(this.#items[count]!);
      if (bytes > mostBytes) break;
    }
    return this.#items.splice(0, count);
  }

  /** These do not wait any more, whatever became of them. */
  release(items: readonly Item[]): void {
    for (const item of items) {
      if (!("frame" in item)) continue;
      this.#bytes -= item.frame.jpeg.length;
      this.bound.release(item.frame);
    }
  }

  /** What will not be written. */
  takeRest(): Item[] {
    const rest = this.#items.splice(0);
    this.release(rest);
    return rest;
  }
}

/** Bytes of a frame; a note has none. */
export function sizeOf(item: Item): number {
  return "frame" in item ? item.frame.jpeg.length : 0;
}
