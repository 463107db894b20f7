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
const LONG_ENOUGH_MS = 1000; // for a slower camera
const SLOWEST_FPS = 1; // the lowest that the protocol can express

/** A camera as clients see it. */
export interface ListedCamera {
  readonly id: number;
  readonly name: string;
  /** Its permanent name; `id` is only its index in this server. */
  readonly device_id: string;
  readonly caps: Capability[];
}

/**
 * A camera that this server offers to ThorVision clients. It is available once its frames have shown its size and rate, until it
 * fails; while it is unavailable its frames are requested, so that its return is noticed.
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
  #isAvailable = false;
  #release: (() => void) | undefined;
  #stop: () => void = () => {};

  /** @param onChange - Called when it becomes available or unavailable. */
  constructor(id: number, thing: Camera, onChange: (camera: ServedCamera) => void) {
    this.id = id;
    this.thing = thing;
    this.#onChange = onChange;
  }

  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** Whether it delivers frames, or is about to, and its size and rate are not known yet. */
  get isStarting(): boolean {
    return !this.#isAvailable && this.thing.stream_active;
  }

  get name(): string {
    return this.thing.name;
  }

  /** Its entry; for an unavailable camera the last one. */
  get listed(): ListedCamera {
    const mode = this.#mode;
    if (mode) this.#caps = this.#offer.capabilities(mode);
    return { id: this.id, name: this.name, device_id: this.name, caps: this.#caps };
  }

  /** The stream variant for a capability's text; undefined if it is not offered. */
  find(text: string): VariantOptions | undefined {
    const mode = this.#mode;
    if (mode) this.#offer.capabilities(mode); // drops what was offered in another size
    const capability = readCapability(text);
    return capability && this.#offer.find(capability);
  }

  /** The metadata that is sent with a frame. */
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
    this.#isAvailable = false;
  }

  #see({ run, index, capturedAt, width, height }: StoredFrame): void {
    if (run !== this.#run?.id) {
      this.#run = { id: run, beganAt: this.#beginOf(run, index, capturedAt) };
      this.#times = [];
    }
    this.#size = { width, height };
    this.#times.push(capturedAt);
    if (this.#times.length > TIMES_KEPT) this.#times.shift();
    if (!this.#isAvailable) this.#look();
  }

  /** When the first frame of a run was captured, or the oldest that is still known. */
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
    const isAvailable = this.#mode !== undefined;
    if (isAvailable) {
      this.#release?.();
      this.#release = undefined;
    } else {
      this.#release ??= this.thing.mjpeg_stream.demand.take();
    }
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#onChange(this);
  }

  /** Undefined until it is known. */
  get #mode(): CameraMode | undefined {
    const fps = this.#declaredFps ?? this.#measuredFps;
    const isKnown = this.#isAvailable || this.#times.length > 0;
    return this.#size && fps !== undefined && isKnown ? { ...this.#size, fps } : undefined;
  }

  /** A camera's `mode.framerate` takes precedence over the measurement. */
  get #declaredFps(): number | undefined {
    const mode: unknown = Reflect.get(this.thing, "mode");
    if (typeof mode !== "object" || mode === null) return undefined;
    const framerate: unknown = Reflect.get(mode, "framerate");
    return typeof framerate === "number" && framerate > 0 ? framerate : undefined;
  }

  get #measuredFps(): number | undefined {
    const [first] = this.#times;
    if (first === undefined) return this.#isAvailable ? SLOWEST_FPS : undefined;
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
