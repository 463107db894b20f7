import { delay } from "../base/abort.ts";
import type { FrameSource, SourceFrame } from "../frames/frame-source.ts";
import { Camera, type CameraOptions } from "../instruments/camera.ts";
import { type FaultKind, misbehave } from "./fault.ts";
import { type TestFramesOptions, testFrames } from "./test-frames.ts";

/** Options of a FaultyCamera. */
export interface FaultyCameraOptions extends CameraOptions, TestFramesOptions {
  /** The fault of its source from the start; without a fault it delivers test frames. */
  readonly fault?: FaultKind;
}

const FLOOD_FACTOR = 10;

/** A camera of test frames whose source can be made to fail and recover. Without a fault it is a camera for tests. */
export class FaultyCamera extends Camera {
  static override readonly title = "Faulty camera";
  static override readonly description =
    "Delivers test frames until it is told to fail, for tests.";
  readonly #options: FaultyCameraOptions;
  /** What its source does instead of the next frame; undefined repairs it. `floods` is ten times the rate; `blocks` happens once each time that it is opened. */
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
      let hasBlocked = false;
      for await (const frame of testFrames(this.#options).frames(signal)) {
        const { fault } = this;
        if (fault === "blocks" && !hasBlocked) misbehave({ kind: "blocks" });
        hasBlocked ||= fault === "blocks";
        if (fault === "hangs") await silence(signal, () => this.fault !== "hangs");
        if (fault === "floods") for (let n = 1; n < FLOOD_FACTOR; n++) yield frame;
        const isFrame = fault === undefined || ["hangs", "floods", "blocks"].includes(fault);
        yield isFrame ? frame : await nonsense(fault);
      }
    } finally {
      this.open_sources -= 1;
    }
  }
}

/** Bytes that are not a picture, or not bytes at all: drivers are untyped. */
async function nonsense(kind: FaultKind): Promise<SourceFrame> {
  if (kind === "huge") return { jpeg: hugeBytes() };
  return { jpeg: await misbehave({ kind }) } as SourceFrame;
}

let huge: Uint8Array | undefined;

/** Created once: the test is about receiving such frames, not creating them. */
function hugeBytes(): Uint8Array {
  huge ??= new TextEncoder().encode(String(misbehave({ kind: "huge" })));
  return huge;
}

async function silence(signal: AbortSignal, isOver: () => boolean): Promise<void> {
  while (!isOver()) await delay(20, signal);
}
