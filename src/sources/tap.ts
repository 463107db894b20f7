import { abortable } from "../base/abort.ts";
import { now } from "../base/clock.ts";
import type { ThingError } from "../base/errors.ts";
import type { ClockSet } from "../frames/clock-set.ts";
import type { FrameSink, RunningSource, SourceFrame } from "../frames/frame-source.ts";
import { TIMES_SKIP } from "./buffer-gaps.ts";
import type { Picture } from "./framing.ts";
import type { Output } from "./gst-taps.ts";
import { type PtsClock, PtsTimes } from "./pts-clock.ts";

/** The program that a tap is one output of. */
interface TappedProgram {
  readonly failure: ThingError | undefined;
  readonly finished: boolean;
  hold(): () => Promise<void>;
  /** One camera's run was ended since it was silent. */
  silent(): void;
}

interface Reader {
  end(): void;
  fail(error: ThingError): void;
}

/** One camera of a pipeline, for any number of sinks at once. */
export class Tap implements RunningSource {
  readonly output: Output;
  readonly #program: TappedProgram;
  readonly #readers = new Map<FrameSink, Reader>();
  /** The sink whose memory the picture that is coming lies in. */
  #owner: FrameSink | undefined;
  #times = new PtsTimes();
  #clockSet: ClockSet | undefined;
  #lastCapturedAt = 0;

  constructor(output: Output, program: TappedProgram) {
    this.output = output;
    this.#program = program;
  }

  /** @throws {ThingError} `SOURCE_FAILED` with the reason, when the program fails or is started again. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    if (this.#program.failure) throw this.#program.failure;
    if (this.#program.finished || signal.aborted) return;
    const ended = new Promise<void>((resolve, reject) => {
      this.#readers.set(sink, { end: resolve, fail: reject });
    });
    const letGo = this.#program.hold();
    try {
      await abortable(ended, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#readers.delete(sink);
      if (sink.isSilent) this.#program.silent();
      await letGo();
    }
  }

  fail(error: ThingError): void {
    for (const reader of this.#readers.values()) reader.fail(error);
  }

  end(): void {
    for (const reader of this.#readers.values()) reader.end();
  }

  /** @param clock - The new run's: times of the one before mean nothing any more. */
  restarted(clock: PtsClock): void {
    this.#times = new PtsTimes(clock);
    this.#clockSet = undefined;
  }

  /** Memory for the next picture: that of the first sink that has room. */
  room(bytes: number): Uint8Array | undefined {
    for (const sink of this.#readers.keys()) {
      const room = sink.room(bytes);
      this.#owner = sink;
      if (room) return room;
    }
    return undefined;
  }

  /** Gives a picture to all who read: the last is the one whose memory it lies in, and that is its own from then on. */
  take({ ptsMs, jpeg, lossBefore }: Picture): void {
    const arrivedAt = now();
    const about = ptsMs === undefined ? { capturedAt: arrivedAt } : this.#about(ptsMs, arrivedAt);
    // Times that have a hole since their clock was set have lost no frames.
    const isHole = about.clockSet !== this.#clockSet && lossBefore?.why === TIMES_SKIP;
    this.#clockSet = about.clockSet;
    const frame: SourceFrame = { jpeg, ...about };
    const owner = this.#owner;
    for (const sink of this.#readers.keys()) {
      if (lossBefore && !isHole) sink.lost(lossBefore);
      if (sink !== owner) sink.take(frame);
    }
    owner?.take(frame); // one that has gone takes nothing
  }

  #about(ptsMs: number, arrivedAt: number): Pick<SourceFrame, "capturedAt" | "clockSet"> {
    const { capturedAt, clockSet } = this.#times.next(ptsMs, arrivedAt);
    this.#lastCapturedAt = Math.max(capturedAt, this.#lastCapturedAt + 0.001); // never back, 1 µs at least
    return { capturedAt: this.#lastCapturedAt, clockSet };
  }
}
