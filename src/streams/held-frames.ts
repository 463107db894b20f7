import { roomForJpeg, storeFrame } from "../frames/frame-memory.ts";
import type { JpegInfo } from "../frames/jpeg/jpeg.ts";
import { MemoryPool } from "../frames/memory-pool.ts";
import { RingBuffer } from "../frames/ring-buffer.ts";
import type { FrameIdentity, StoredFrame } from "../frames/stored-picture.ts";

/** The newest frames of one run. Memory of a frame that leaves the ring is used again, unless somebody has the frame. */
export class HeldFrames {
  readonly #memory = new MemoryPool();
  /** Memory that was given out to be filled, and has not come back as a frame. What never does is the collector's. */
  readonly #rooms = new WeakSet<ArrayBufferLike>();
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

  /** Memory into which a frame of so many bytes may be received: `add` then need not copy it. */
  room(bytes: number): Uint8Array {
    const room = roomForJpeg(bytes, this.#memory);
    this.#rooms.add(room.buffer);
    return room;
  }

  /** Adds the next frame of the run: a copy, unless it stands at the beginning of a `room`. @param info - What `inspectJpeg` said of its bytes. */
  add(jpeg: Uint8Array, identity: FrameIdentity, info: JpegInfo): StoredFrame {
    const isInRoom = this.#rooms.delete(jpeg.buffer);
    const frame = storeFrame(jpeg, identity, { info, pool: this.#memory, isInRoom });
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
