import { storeFrame } from "../frames/frame-memory.ts";
import type { JpegInfo } from "../frames/jpeg.ts";
import { MemoryPool } from "../frames/memory-pool.ts";
import { RingBuffer } from "../frames/ring-buffer.ts";
import type { FrameIdentity, StoredFrame } from "../frames/stored-picture.ts";

/** The newest frames of one run. Memory of a frame that leaves the ring is used again, unless somebody has the frame. */
export class HeldFrames {
  readonly #memory = new MemoryPool();
  #ring: RingBuffer<StoredFrame>;

  /** @throws {ThingError} `BAD_ARGUMENT` unless `capacity` is a whole number from 1. */
  constructor(capacity: number) {
    this.#ring = new RingBuffer(capacity);
  }

  get capacity(): number {
    return this.#ring.capacity;
  }

  get newest(): StoredFrame | undefined {
    return this.#ring.newest;
  }

  get oldest(): StoredFrame | undefined {
    return this.#ring.oldest;
  }

  /** What is held, oldest first. */
  entries(): StoredFrame[] {
    return this.#ring.entries();
  }

  /** @throws {ThingError} `FRAME_NOT_HELD` if the frame is overwritten or still to come. */
  get(index: number): StoredFrame {
    return this.#ring.get(index);
  }

  /** Copies the next frame of the run in. @param info - What `inspectJpeg` said of its bytes. */
  add(jpeg: Uint8Array, identity: FrameIdentity, info: JpegInfo): StoredFrame {
    const frame = storeFrame(jpeg, identity, { info, pool: this.#memory });
    this.#ring.push(frame)?.release();
    return frame;
  }

  /** Holds nothing any more. @throws {ThingError} `BAD_ARGUMENT` unless `capacity` is a whole number from 1. */
  clear(capacity = this.capacity): void {
    const before = this.entries();
    this.#ring = new RingBuffer(capacity);
    for (const frame of before) frame.release();
  }
}
