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

  constructor(make: (signal: AbortSignal) => Promise<Pipeline>) {
    this.#make = make;
  }

  /** The pipeline that runs, or ran last. */
  get pipeline(): Pipeline | undefined {
    return this.#pipeline;
  }

  /** @throws What `make` throws, and `SOURCE_FAILED` or `DISCONNECTED` with the reason when the program fails. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const release = await this.device(signal);
    try {
      const pipeline = await this.#make(signal);
      this.#pipeline = pipeline;
      const [camera] = pipeline.cameras.values();
      if (!camera) throw new ThingError("BAD_CONFIG", "The pipeline has no output for pictures.");
      await camera.run(sink, signal);
    } finally {
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
