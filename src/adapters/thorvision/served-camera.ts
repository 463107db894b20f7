import { now, wallTime } from "../../base/clock.ts";
import type { FrameIdentity, StoredFrame } from "../../frames/stored-picture.ts";
import type { Camera } from "../../instruments/camera.ts";
import type { VariantOptions } from "../../streams/stream-request.ts";
import { type Capability, readCapability } from "./capability.ts";
import type { FrameMetadata } from "./frame-metadata.ts";
import { type CameraMode, Offer } from "./offer.ts";

const LOOK_EVERY_MS = 250;
const TIMES_KEPT = 9;
const ENOUGH_TIMES = 6;
const LONG_ENOUGH_MS = 1000; // for a camera that gives fewer
const SLOWEST_FPS = 1; // what the wire can say

/** A camera as clients see it. */
export interface ListedCamera {
  readonly id: number;
  readonly name: string;
  /** Names it for good, where `id` is only its place in this server. */
  readonly device_id: string;
  readonly caps: Capability[];
}

/**
 * A camera of this server on ThorVision's wire. It is there once frames have told its size and rate, until it fails; while
 * it is not there its frames are wanted, so that it is noticed when it comes.
 */
export class ServedCamera {
  readonly id: number;
  readonly thing: Camera;
  readonly #offer = new Offer();
  readonly #onChange: (camera: ServedCamera) => void;
  #times: number[] = [];
  #size: { width: number; height: number } | undefined;
  #run: { id: string; beganAt: number } | undefined;
  #caps: Capability[] = [];
  #isHere = false;
  #release: (() => void) | undefined;
  #stop: () => void = () => {};

  /** @param onChange - Called when it has come, and when it has gone. */
  constructor(id: number, thing: Camera, onChange: (camera: ServedCamera) => void) {
    this.id = id;
    this.thing = thing;
    this.#onChange = onChange;
  }

  get isHere(): boolean {
    return this.#isHere;
  }

  /** It gives frames, or is about to; its size and rate are not known yet. */
  get isComing(): boolean {
    return !this.#isHere && this.thing.stream_active;
  }

  get name(): string {
    return this.thing.name;
  }

  /** Of one that has gone: as it was. */
  get listed(): ListedCamera {
    const mode = this.#mode;
    if (mode) this.#caps = this.#offer.capabilities(mode);
    return { id: this.id, name: this.name, device_id: this.name, caps: this.#caps };
  }

  /** What to make of its stream for a capability's text; undefined when it offers none such. */
  find(text: string): VariantOptions | undefined {
    const mode = this.#mode;
    if (mode) this.#offer.capabilities(mode); // forgets what was offered in another size
    const capability = readCapability(text);
    return capability && this.#offer.find(capability);
  }

  /** What a frame of it carries along. */
  metadataOf({ run, index, capturedAt }: FrameIdentity): FrameMetadata {
    const beganAt = this.#run?.id === run ? this.#run.beganAt : capturedAt;
    return {
      videoTime: nanoseconds(capturedAt) - nanoseconds(Math.min(beganAt, capturedAt)),
      deviceTime: nanoseconds(wallTime(capturedAt)),
      sampleIndex: index,
      ttlIn: this.#levels("ttl_in"),
      ttlOut: this.#levels("ttl_out"),
    };
  }

  /** Watches it until `stop`. */
  start(): void {
    const stream = this.thing.mjpeg_stream;
    const ends = [
      stream.follow((frame) => this.#see(frame)),
      stream.onRun(() => this.#look()),
      stream.onStop(() => this.#look()),
    ];
    const looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#stop = () => {
      clearInterval(looking);
      for (const end of ends) end();
    };
    this.#look();
  }

  stop(): void {
    this.#stop();
    this.#release?.();
    this.#release = undefined;
    this.#isHere = false;
  }

  #see({ run, index, capturedAt, width, height }: StoredFrame): void {
    if (run !== this.#run?.id) {
      this.#run = { id: run, beganAt: this.#beginOf(run, index, capturedAt) };
      this.#times = [];
    }
    this.#size = { width, height };
    this.#times.push(capturedAt);
    if (this.#times.length > TIMES_KEPT) this.#times.shift();
    if (!this.#isHere) this.#look();
  }

  /** When the first frame of a run was captured, or the oldest one that is still known of. */
  #beginOf(run: string, index: number, capturedAt: number): number {
    const { sizes } = this.thing.mjpeg_stream;
    const position = sizes.positionOf(run, 0);
    const oldest = sizes.end - Math.min(index + 1, sizes.capacity);
    return sizes.at(Math.max(position ?? oldest, oldest))?.capturedAt ?? capturedAt;
  }

  #look(): void {
    if (!this.thing.stream_active) {
      this.#times = [];
      this.#size = undefined;
    }
    const isHere = this.#mode !== undefined;
    if (isHere) {
      this.#release?.();
      this.#release = undefined;
    } else {
      this.#release ??= this.thing.mjpeg_stream.demand.take();
    }
    if (isHere === this.#isHere) return;
    this.#isHere = isHere;
    this.#onChange(this);
  }

  /** Undefined until it is known. */
  get #mode(): CameraMode | undefined {
    const fps = this.#declaredFps ?? this.#measuredFps;
    const isKnown = this.#isHere || this.#times.length > 0;
    return this.#size && fps !== undefined && isKnown ? { ...this.#size, fps } : undefined;
  }

  /** A camera that has a `mode` with a `framerate` knows better than a measurement. */
  get #declaredFps(): number | undefined {
    const mode: unknown = Reflect.get(this.thing, "mode");
    if (typeof mode !== "object" || mode === null) return undefined;
    const framerate: unknown = Reflect.get(mode, "framerate");
    return typeof framerate === "number" && framerate > 0 ? framerate : undefined;
  }

  get #measuredFps(): number | undefined {
    const [first] = this.#times;
    if (first === undefined) return this.#isHere ? SLOWEST_FPS : undefined;
    const isLong = now() - first >= LONG_ENOUGH_MS;
    if (this.#times.length < ENOUGH_TIMES && !isLong) return undefined;
    const intervals = this.#times.slice(1).map((time, n) => time - this.#times[n]!);
    const median = intervals.sort((a, b) => a - b)[intervals.length >> 1];
    return median ? Math.max(SLOWEST_FPS, 1000 / median) : SLOWEST_FPS;
  }

  #levels(property: "ttl_in" | "ttl_out"): number {
    const levels: unknown = Reflect.get(this.thing, property);
    return typeof levels === "number" ? levels : 0;
  }
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n; // the clock has microseconds
}
