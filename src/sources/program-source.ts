import { abortable } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import type { FrameSink, RunningSource } from "../frames/frame-source.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * The first camera of a pipeline that is made anew at each start, since its device may be another by then. While it runs, the
 * device is its own; between two runs others can have it.
 */
export class ProgramSource implements RunningSource {
  readonly #make: (signal: AbortSignal) => Promise<Pipeline>;
  /** Settles when whoever asked last has released the device. */
  #last: Promise<void> = Promise.resolve();
  #pipeline: Pipeline | undefined;
  #isRunning = false;

  constructor(make: (signal: AbortSignal) => Promise<Pipeline>) {
    this.#make = make;
  }

  /** The pipeline that runs, or ran last. */
  get pipeline(): Pipeline | undefined {
    return this.#pipeline;
  }

  /** Whether frames are wanted: its program runs, is being started, or waits for the device. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** @throws What `make` throws, and `SOURCE_FAILED` or `DISCONNECTED` with the reason when the program fails. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    const release = await this.device(signal).catch((error) => {
      this.#isRunning = false;
      throw error;
    });
    try {
      const pipeline = await this.#make(signal);
      this.#pipeline = pipeline;
      const [camera] = pipeline.cameras.values();
      if (!camera) throw new ThingError("BAD_CONFIG", "The pipeline has no output for pictures.");
      await camera.run(sink, signal);
    } finally {
      this.#isRunning = false;
      release();
    }
  }

  /** Waits for the device: requests are served one after another. @returns A function that releases it. */
  async device(signal: AbortSignal): Promise<() => void> {
    const before = this.#last;
    let release = () => {};
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await abortable(before, signal);
    } catch (error) {
      void before.then(release);
      throw error;
    }
    return release;
  }
}
