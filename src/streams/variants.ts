import { ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import { resizeJpeg } from "../frames/codec/codec.ts";
import type { Frame } from "../frames/frame.ts";
import { storeFrame } from "../frames/frame-memory.ts";
import { type FrameIdentity, Placeholder, type StoredFrame } from "../frames/stored-picture.ts";
import { EncodeFaults } from "./encode-faults.ts";
import { encodes } from "./encode-queue.ts";
import { FrameOutlet } from "./frame-outlet.ts";
import { Pacer } from "./pacer.ts";
import { checkVariant, type VariantOptions } from "./stream-request.ts";

/** What making variants cost. */
export interface EncodeStats {
  /** Frames made smaller. */
  encodes: number;
  /** Frames that could not be made smaller, though they are whole. */
  encodeFailures: number;
  /** Why frames cannot be made smaller, as long as that is so. */
  readonly encodeFault?: string;
}

/** Viewers over HTTP get at most this many different ones at a time: each costs an encode a frame. */
const MAX_VARIANTS = 16;

const refused = countedLimit("variants");

/** How a variant has frames made smaller; the placeholder says why one could not be. */
type Encode = (frame: Frame) => Promise<StoredFrame | Placeholder>;

/** A frame that is made smaller. */
interface Smaller {
  readonly of: FrameIdentity;
  readonly frame: Promise<StoredFrame>;
}

/** The variants of one stream: equal options give the same one. */
export class Variants {
  readonly #counts = { encodes: 0, encodeFailures: 0 };
  readonly #parent: FrameOutlet;
  readonly #variants = new Map<string, Variant>();
  /** The newest frame of each size and quality, made or in the making: variants that differ in `fps` alone share it. */
  readonly #smaller = new Map<string, Smaller>();

  readonly #faults: EncodeFaults;

  constructor(parent: FrameOutlet) {
    this.#parent = parent;
    this.#faults = new EncodeFaults(() => parent.log);
  }

  get stats(): EncodeStats {
    const { reason } = this.#faults;
    return { ...this.#counts, ...(reason !== undefined && { encodeFault: reason }) };
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for options out of range. */
  get(options: VariantOptions): FrameOutlet {
    checkVariant(options);
    if (keyOf(options) === AS_IT_IS) return this.#parent;
    const key = keyOf(options);
    const known = this.#variants.get(key);
    if (known) return known;
    if (this.#variants.size >= MAX_VARIANTS) this.#forgetUnused();
    const encode = (frame: Frame) => this.#encodeForViewers(frame, options);
    const variant = new Variant(this.#parent, options, encode);
    this.#variants.set(key, variant);
    return variant;
  }

  show(placeholder: Placeholder | undefined): void {
    for (const variant of this.#variants.values()) variant.show(placeholder);
  }

  stop(): void {
    for (const variant of this.#variants.values()) variant.stop();
    this.#variants.clear();
    this.#smaller.clear();
  }

  /** @throws {ThingError} `TOO_MANY_VIEWERS` when a viewer asks for one more than are made at a time. */
  assertRoom(options: VariantOptions): void {
    const key = keyOf(options);
    if (key === AS_IT_IS || this.#variants.has(key)) return;
    this.#forgetUnused();
    if (this.#variants.size < MAX_VARIANTS) return;
    refused.hit();
    throw new ThingError(
      "TOO_MANY_VIEWERS",
      `This stream is already served in ${MAX_VARIANTS} different sizes, rates and qualities, which is the limit. Use one of those.`,
    );
  }

  /**
   * One frame smaller or at another quality; as it is when that is what is asked for.
   * @throws {ThingError} `BAD_ARGUMENT`; `TOO_BUSY` when too many wait; `PICTURE_FAILED` when the codec fails.
   */
  async sized(frame: Frame, options: VariantOptions): Promise<Frame> {
    checkVariant(options);
    if (isAsItIs(frame, options)) return frame;
    const size = sizeOf(options);
    const known = this.#smaller.get(size);
    if (known && isSame(known.of, frame)) return (await known.frame).frame;
    const smaller = encodes.alone(() => this.#encode(frame, options));
    const entry = { of: frame, frame: smaller };
    // A size that is watched has its own frame there, which its viewers share.
    if (known === undefined) this.#smaller.set(size, entry);
    try {
      return (await smaller).frame;
    } finally {
      if (this.#smaller.get(size) === entry) this.#smaller.delete(size);
    }
  }

  async #encodeForViewers(
    frame: Frame,
    options: VariantOptions,
  ): Promise<StoredFrame | Placeholder> {
    const size = sizeOf(options);
    const newest = this.#smaller.get(size);
    const isKnown = newest !== undefined && isSame(newest.of, frame);
    const smaller = isKnown ? newest.frame : this.#encode(frame, options);
    if (!isKnown) this.#smaller.set(size, { of: frame, frame: smaller });
    return smaller.catch(() => this.#faults.picture(frame));
  }

  async #encode(frame: Frame, { width, quality }: VariantOptions): Promise<StoredFrame> {
    try {
      const smaller = storeFrame(await resizeJpeg(frame.jpeg, { width, quality }), frame);
      this.#counts.encodes += 1;
      this.#faults.worked();
      return smaller;
    } catch (error) {
      this.#counts.encodeFailures += 1;
      this.#faults.failed(error);
      throw error;
    }
  }

  #forgetUnused(): void {
    for (const [key, variant] of this.#variants) {
      if (!variant.demand.active) this.#variants.delete(key);
    }
    this.#smaller.clear();
  }
}

const keyOf = ({ fps, width, quality }: VariantOptions) => `${fps} ${width} ${quality}`;
const AS_IT_IS = keyOf({});
const sizeOf = ({ width, quality }: VariantOptions) => `${width} ${quality}`;

/** A picture is not enlarged. */
function isAsItIs({ width: own }: { width: number }, { width, quality }: VariantOptions): boolean {
  return quality === undefined && (width === undefined || width >= own);
}

/**
 * A stream's frames, less often or smaller, under the stream's own run, index and capture time. It works while
 * somebody wants its frames, on one frame at a time: those that come meanwhile give way to the newest.
 */
class Variant extends FrameOutlet {
  readonly #parent: FrameOutlet;
  readonly #options: VariantOptions;
  readonly #encode: Encode;
  readonly #pacer: Pacer<StoredFrame> | undefined;
  /** The newest that is to be encoded, and the newest that was published as it is: both are in use. */
  #waiting: StoredFrame | undefined;
  #shown: StoredFrame | undefined;
  #encoding = false;
  #leaveParent: (() => void) | undefined;

  constructor(parent: FrameOutlet, options: VariantOptions, encode: Encode) {
    super(parent.viewers.options);
    this.#parent = parent;
    this.shareSource(parent);
    this.#options = options;
    this.#encode = encode;
    const drop = (frame: StoredFrame) => frame.release();
    if (options.fps) this.#pacer = new Pacer(options.fps, (frame) => this.#take(frame), drop);
    this.show(parent.placeholder);
    this.demand.onChange((count) => {
      if (count === 0) this.#rest();
      else if (!this.#leaveParent) this.#work();
    });
  }

  get run(): string {
    return this.#parent.run;
  }

  show(placeholder: Placeholder | undefined): void {
    this.setPlaceholder(placeholder);
  }

  stop(): void {
    this.end();
    this.#rest();
  }

  #work(): void {
    const offer = (frame: StoredFrame) => {
      frame.retain(); // until it was made smaller, or another is shown
      if (this.#pacer) this.#pacer.offer(frame);
      else this.#take(frame);
    };
    const release = this.#parent.demand.take();
    const end = this.#parent.follow(offer);
    this.#leaveParent = () => {
      end();
      release();
    };
    const fresh = this.#parent.freshFrame();
    if (fresh && !isSame(fresh, this.newest)) offer(fresh);
  }

  #rest(): void {
    this.#leaveParent?.();
    this.#leaveParent = undefined;
    this.#pacer?.stop();
    this.#waiting?.release();
    this.#waiting = undefined;
  }

  #take(frame: StoredFrame): void {
    if (isAsItIs(frame, this.#options)) {
      this.#show(frame, frame);
    } else {
      this.#waiting?.release();
      this.#waiting = frame;
      if (!this.#encoding) void this.#encodeWaiting();
    }
  }

  /**
   * Unless the parent has no frames any more: one that took long must not hide what says so.
   * @param inUse - What is released when the next one is shown.
   */
  #show(frame: StoredFrame, inUse?: StoredFrame): void {
    if (this.#parent.placeholder) {
      inUse?.release();
      return;
    }
    const before = this.#shown;
    this.#shown = inUse;
    this.publish(frame);
    before?.release();
  }

  async #encodeWaiting(): Promise<void> {
    this.#encoding = true;
    while (this.#waiting) {
      const smaller = await encodes.forViewer(() => this.#encodeNewest());
      if (smaller instanceof Placeholder) this.#showFault(smaller);
      else if (smaller && this.streaming) this.#show(smaller);
    }
    this.#encoding = false;
  }

  /** Until a frame can be shown again; what the parent has to say goes first. */
  #showFault(fault: Placeholder): void {
    if (!this.streaming || this.#parent.placeholder) return;
    if (this.placeholder?.reason !== fault.reason) this.setPlaceholder(fault);
  }

  /** What waits when its turn has come. */
  async #encodeNewest(): Promise<StoredFrame | Placeholder | undefined> {
    const frame = this.#waiting;
    this.#waiting = undefined;
    if (!frame) return undefined;
    try {
      return await this.#encode(frame.lend());
    } finally {
      frame.release(); // what was lent
      frame.release();
    }
  }
}

function isSame(a: FrameIdentity, b: FrameIdentity | undefined): boolean {
  return a.run === b?.run && a.index === b.index;
}
