import type { Frame } from "../../frames/frame.ts";

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
