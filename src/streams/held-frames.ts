import { ThingError } from "../base/errors.ts";
import { History } from "../base/history.ts";
import { roomForJpeg, storeFrame } from "../frames/frame-memory.ts";
import type { JpegInfo } from "../frames/jpeg/jpeg.ts";
import { MemoryPool } from "../frames/memory-pool.ts";
import type { FrameIdentity, StoredFrame } from "../frames/stored-picture.ts";

/** The newest frames of one run. Memory of a frame that leaves the ring is used again, unless somebody has the frame. */
export class HeldFrames {
  readonly #memory = new MemoryPool();
  /** Memory that was given out to be filled, and has not come back as a frame. What never does is the collector's. */
  readonly #rooms = new WeakSet<ArrayBufferLike>();
  /** A frame's position is its index. */
  #frames: History<StoredFrame>;

  /** @throws {ThingError} `BAD_ARGUMENT` unless `capacity` is a whole number from 1. */
  constructor(capacity: number) {
    this.#frames = historyOf(capacity);
  }

  get capacity(): number {
    return this.#frames.capacity;
  }

  get newest(): StoredFrame | undefined {
    return this.#frames.at(this.#frames.end - 1);
  }

  /** What is held, oldest first. */
  entries(): StoredFrame[] {
    return this.#frames.entries();
  }

  find(index: number): StoredFrame | undefined {
    return this.#frames.at(index);
  }

  /** @throws {ThingError} `FRAME_NOT_HELD` if the frame is overwritten or still to come. */
  get(index: number): StoredFrame {
    const frame = this.find(index);
    if (frame) return frame;
    throw new ThingError("FRAME_NOT_HELD", whyNotHeld(index, this.#frames));
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
    return this.#frames.add(frame, identity.index);
  }

  /** Holds nothing any more. @throws {ThingError} `BAD_ARGUMENT` unless `capacity` is a whole number from 1. */
  clear(capacity = this.capacity): void {
    const before = this.entries();
    this.#frames = historyOf(capacity);
    for (const frame of before) frame.release();
  }
}

function historyOf(capacity: number): History<StoredFrame> {
  if (Number.isInteger(capacity) && capacity >= 1)
    return new History({ capacity, onDrop: (frame) => frame.release() });
  throw new ThingError(
    "BAD_ARGUMENT",
    `The size of a ring buffer must be an integer of 1 or more, not ${capacity}.`,
  );
}

function whyNotHeld(index: number, { begin, end }: History<StoredFrame>): string {
  if (!Number.isInteger(index) || index < 0)
    return `There is no frame ${index}: the index of a frame must be an integer of 0 or more.`;
  if (begin === end)
    return `Frame ${index} is not in the ring buffer: no frame of this run has arrived yet.`;
  const why = index < begin ? "it has been overwritten" : "it has not been captured yet";
  return `Frame ${index} is not in the ring buffer: ${why}. Frames ${begin} to ${end - 1} are held.`;
}
