import { ThingError } from "../base/errors.ts";
import { resizeJpeg } from "../frames/codec.ts";
import { storeFrame } from "../frames/frame-memory.ts";
import type { FrameIdentity, Placeholder, StoredFrame } from "../frames/stored-picture.ts";
import { FrameOutlet } from "./frame-outlet.ts";
import { Pacer } from "./pacer.ts";
import { checkVariant, type VariantOptions } from "./stream-request.ts";

/** What making variants cost. */
export interface EncodeStats {
  /** Frames made smaller. */
  encodes: number;
  /** Frames that could not be decoded, though their markers were whole. */
  encodeFailures: number;
}

/** Viewers over HTTP get at most this many different ones at a time: each costs an encode a frame. */
const MAX_VARIANTS = 16;

/** The variants of one stream: equal options give the same one. */
export class Variants {
  readonly stats: EncodeStats = { encodes: 0, encodeFailures: 0 };
  readonly #parent: FrameOutlet;
  readonly #variants = new Map<string, Variant>();
  /** The newest frame of each size and quality, made or in the making: variants that differ in `fps` alone share it. */
  readonly #smaller = new Map<
    string,
    { of: StoredFrame; frame: Promise<StoredFrame | undefined> }
  >();

  constructor(parent: FrameOutlet) {
    this.#parent = parent;
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for options out of range. */
  get(options: VariantOptions): FrameOutlet {
    checkVariant(options);
    if (keyOf(options) === AS_IT_IS) return this.#parent;
    const key = keyOf(options);
    const known = this.#variants.get(key);
    if (known) return known;
    if (this.#variants.size >= MAX_VARIANTS) this.#forgetUnused();
    const encode = (frame: StoredFrame) => this.#encodeOnce(frame, options);
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
    throw new ThingError(
      "TOO_MANY_VIEWERS",
      `This stream is watched in ${MAX_VARIANTS} different sizes, rates and qualities already, which is the limit. Ask for one of those.`,
    );
  }

  #encodeOnce(frame: StoredFrame, options: VariantOptions): Promise<StoredFrame | undefined> {
    const size = `${options.width} ${options.quality}`;
    const newest = this.#smaller.get(size);
    if (newest?.of === frame) return newest.frame;
    const smaller = this.#encode(frame, options);
    this.#smaller.set(size, { of: frame, frame: smaller });
    return smaller;
  }

  async #encode(
    frame: StoredFrame,
    { width, quality }: VariantOptions,
  ): Promise<StoredFrame | undefined> {
    try {
      const smaller = storeFrame(await resizeJpeg(frame.frame.jpeg, { width, quality }), frame);
      this.stats.encodes += 1;
      return smaller;
    } catch {
      this.stats.encodeFailures += 1; // broken scan data: viewers keep the frame before it
      return undefined;
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

/**
 * A stream's frames, less often or smaller, under the stream's own run, index and capture time. It works while
 * somebody wants its frames, on one frame at a time: those that come meanwhile give way to the newest.
 */
class Variant extends FrameOutlet {
  readonly #parent: FrameOutlet;
  readonly #options: VariantOptions;
  readonly #encode: (frame: StoredFrame) => Promise<StoredFrame | undefined>;
  readonly #pacer: Pacer<StoredFrame> | undefined;
  #waiting: StoredFrame | undefined;
  #encoding = false;
  #leaveParent: (() => void) | undefined;

  constructor(
    parent: FrameOutlet,
    options: VariantOptions,
    encode: (frame: StoredFrame) => Promise<StoredFrame | undefined>,
  ) {
    super(parent.viewers.options);
    this.#parent = parent;
    this.#options = options;
    this.#encode = encode;
    if (options.fps) this.#pacer = new Pacer(options.fps, (frame) => this.#take(frame));
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
      frame.retain(); // for good: it may be shown, or made smaller, long after
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
    this.#waiting = undefined;
  }

  #take(frame: StoredFrame): void {
    const { width, quality } = this.#options;
    const asIs = quality === undefined && (width === undefined || width >= frame.width);
    if (asIs) {
      this.publish(frame);
    } else {
      this.#waiting = frame;
      if (!this.#encoding) void this.#encodeWaiting();
    }
  }

  async #encodeWaiting(): Promise<void> {
    this.#encoding = true;
    while (this.#waiting) {
      const frame = this.#waiting;
      this.#waiting = undefined;
      const smaller = await this.#encode(frame);
      if (smaller && this.streaming) this.publish(smaller);
    }
    this.#encoding = false;
  }
}

function isSame(a: FrameIdentity, b: FrameIdentity | undefined): boolean {
  return a.run === b?.run && a.index === b.index;
}
