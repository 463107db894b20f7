import { delay } from "../base/abort.ts";
import type { FrameSource, SourceFrame } from "../frames/frame-source.ts";
import { Camera, type CameraOptions } from "../instruments/camera.ts";
import { type FaultKind, misbehave } from "./fault.ts";
import { type TestFramesOptions, testFrames } from "./test-frames.ts";

/** What a FaultyCamera is made with. */
export interface FaultyCameraOptions extends CameraOptions, TestFramesOptions {
  /** What its source does from the start; a camera without a fault gives test frames. */
  readonly fault?: FaultKind;
}

const FLOOD_FACTOR = 10;

/** A camera of test frames whose source can be made to fail, and healed. Without a fault it is a camera for tests. */
export class FaultyCamera extends Camera {
  static override readonly title = "Faulty camera";
  static override readonly description = "Gives test frames until it is told to fail, for tests.";
  readonly #options: FaultyCameraOptions;
  /** What its source does instead of the next frame; undefined heals it. `floods` is ten times the rate. */
  fault: FaultKind | undefined;
  /** How often its source has been opened. */
  opens = 0;
  /** How many sources are open now. */
  open_sources = 0;

  constructor(options: FaultyCameraOptions = {}) {
    super(options);
    this.#options = options;
    this.fault = options.fault;
  }

  protected override source(): FrameSource {
    return { frames: (signal) => this.#frames(signal) };
  }

  async *#frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    this.opens += 1;
    this.open_sources += 1;
    try {
      for await (const frame of testFrames(this.#options).frames(signal)) {
        const { fault } = this;
        if (fault === "hangs") await silence(signal, () => this.fault !== "hangs");
        if (fault === "floods") for (let n = 1; n < FLOOD_FACTOR; n++) yield frame;
        yield fault === undefined || ["hangs", "floods"].includes(fault)
          ? frame
          : ((await this.#nonsense(fault)) ?? frame);
      }
    } finally {
      this.open_sources -= 1;
    }
  }

  /** Bytes that are no picture, or no bytes at all: a driver has no types. */
  async #nonsense(kind: FaultKind): Promise<SourceFrame | undefined> {
    const value = await misbehave({ kind });
    if (kind === "blocks") return undefined;
    const jpeg = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return { jpeg } as SourceFrame;
  }
}

async function silence(signal: AbortSignal, isOver: () => boolean): Promise<void> {
  while (!isOver()) await delay(20, signal);
}
