import type { ClockSet } from "./clock-set.ts";
import type { Frame, LostSum, Origin, SourceLoss } from "./frame.ts";
import type { MemoryPool } from "./memory-pool.ts";

/**
 * How a viewer is sent a stream. `program`: each part is complete, headers first. `chromium`: each write
 * ends with the headers of the part to come, because Chromium paints a part only when those have arrived.
 */
export type View = "program" | "chromium";

/** Memory with part headers, a JPEG, the next boundary, and bare headers of the part to come, one behind the other. */
export interface Layout {
  readonly memory: Uint8Array;
  /** Where the headers begin. */
  readonly startAt: number;
  readonly jpegAt: number;
  readonly jpegEnd: number;
  /** Where a program's part ends. */
  readonly partEnd: number;
  /** Where Chromium's part ends. */
  readonly end: number;
  /** Where the memory is returned after the last use. */
  readonly pool?: MemoryPool | undefined;
}

/**
 * A picture in memory that all viewers share. Its creator holds it; other users that need it beyond the tick in which they
 * received it call `retain`, and `release` when done. After the last `release` its memory is reused.
 */
export class StoredPicture {
  #layout: Layout | undefined;
  #users = 1;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** What a viewer is sent: a view of the shared memory. */
  bytes(view: View): Uint8Array {
    const { memory, startAt, jpegAt, partEnd, end } = this.layout;
    return view === "program" ? memory.subarray(startAt, partEnd) : memory.subarray(jpegAt, end);
  }

  /** The JPEG alone: a view of the shared memory, for as long as the picture is retained. */
  get jpegBytes(): Uint8Array {
    const { memory, jpegAt, jpegEnd } = this.layout;
    return memory.subarray(jpegAt, jpegEnd);
  }

  retain(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0 || !this.#layout) return;
    const { pool, memory } = this.#layout;
    this.#layout = undefined;
    pool?.giveBack(memory);
  }

  protected get layout(): Layout {
    if (!this.#layout) throw new Error("A picture was used after its last user had released it.");
    return this.#layout;
  }
}

/** A placeholder, which shows why there is no frame. */
export class Placeholder extends StoredPicture {
  readonly reason: string;

  constructor(reason: string, layout: Layout) {
    super(layout);
    this.reason = reason;
  }
}

/** A frame's metadata. */
export interface FrameIdentity {
  readonly run: string;
  readonly index: number;
  readonly capturedAt: number;
  readonly origin?: Origin | undefined;
  readonly lossesBefore?: readonly SourceLoss[] | undefined;
  readonly lostSum?: LostSum | undefined;
  readonly clockSet?: ClockSet | undefined;
}

/** A frame as a stream holds it. */
export class StoredFrame extends StoredPicture {
  readonly run: string;
  readonly index: number;
  /** Epoch ms. */
  readonly capturedAt: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  readonly width: number;
  readonly height: number;
  readonly origin: Origin | undefined;
  readonly clockSet: ClockSet | undefined;
  readonly #lostSum: LostSum | undefined;
  readonly #lossesBefore: readonly SourceLoss[] | undefined;

  #frame: Frame | undefined;

  constructor(
    { run, index, capturedAt, origin, lossesBefore, lostSum, clockSet }: FrameIdentity,
    { width, height }: { width: number; height: number },
    layout: Layout,
  ) {
    super(layout);
    this.run = run;
    this.index = index;
    this.capturedAt = capturedAt;
    this.origin = origin;
    this.#lossesBefore = lossesBefore;
    this.#lostSum = lostSum;
    this.clockSet = clockSet;
    this.width = width;
    this.height = height;
    this.size = layout.jpegEnd - layout.jpegAt;
  }

  /** The frame, which may be kept for any time: after this call its memory is never reused. */
  get frame(): Frame {
    this.#frame ??= this.#handOut();
    return this.#frame;
  }

  /** The frame, valid until the borrower calls `release`. */
  lend(): Frame {
    this.retain();
    return this.#frame ?? this.#view();
  }

  #handOut(): Frame {
    this.retain();
    return this.#view();
  }

  #view(): Frame {
    const { memory, jpegAt, jpegEnd } = this.layout;
    const { run, index, capturedAt, width, height, origin } = this;
    const frame = { run, index, capturedAt, jpeg: memory.subarray(jpegAt, jpegEnd), width, height };
    const [lossesBefore, lostSum, clockSet] = [this.#lossesBefore, this.#lostSum, this.clockSet];
    if (!origin && !lostSum && !lossesBefore && !clockSet) return frame;
    return {
      ...frame,
      ...(origin && { origin }),
      ...(lossesBefore && { lossesBefore }),
      ...(lostSum && { lostSum }),
      ...(clockSet && { clockSet }),
    };
  }
}
