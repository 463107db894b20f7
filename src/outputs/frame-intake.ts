import { now } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { inspectJpeg, type JpegInfo } from "../frames/jpeg.ts";
import { streamStopped } from "./frame-outlet.ts";
import { SourceLosses } from "./source-losses.ts";

/** Frames do not overtake each other by this much. */
const SET_BACK_MS = 5000;
const REFUSALS: ReadonlySet<string> = new Set(["BAD_FRAME", "STREAM_STOPPED"]);

/** Whether a picture was refused, which is counted, or something else went wrong. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ThingError && REFUSALS.has(error.code);
}

/** What stands at the entrance of a stream: it refuses what is no frame, puts impossible times right, and counts both. */
export class FrameIntake {
  readonly refused = { corrupt: 0, tooLarge: 0, stopped: 0 };
  readonly losses = new SourceLosses();
  correctedTimes = 0;
  readonly #maxFrameBytes: number;

  /** @param maxFrameBytes - A larger JPEG is refused. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** @throws {ThingError} `BAD_FRAME` unless the bytes are one whole JPEG; `STREAM_STOPPED`. */
  inspect(jpeg: Uint8Array, isStreaming: boolean): JpegInfo {
    if (!isStreaming) {
      this.refused.stopped += 1;
      throw streamStopped();
    }
    const isTooLarge = jpeg instanceof Uint8Array && jpeg.length > this.#maxFrameBytes;
    try {
      if (isTooLarge) throw this.#tooLarge(jpeg.length);
      return inspectJpeg(jpeg);
    } catch (error) {
      this.refused[isTooLarge ? "tooLarge" : "corrupt"] += 1;
      this.losses.note({ what: "refused", count: 1, why: messageOf(error) });
      throw error;
    }
  }

  /**
   * A frame cannot be captured after it arrived, nor before the one that it follows. One that says so of a time long before
   * has its time from a clock that was set back: it is as old as it arrived. On the clock of `now()`.
   */
  timeOf(capturedAt: number | undefined, before = Number.NEGATIVE_INFINITY): number {
    const arrived = now();
    const asked = capturedAt ?? arrived;
    const isUsable = Number.isFinite(asked) && asked > before - SET_BACK_MS;
    const time = Math.max(Math.min(isUsable ? asked : arrived, arrived), before);
    if (time !== asked) this.correctedTimes += 1;
    return time;
  }

  #tooLarge(bytes: number): ThingError {
    return new ThingError(
      "BAD_FRAME",
      `The frame has ${bytes} bytes; this stream takes ${this.#maxFrameBytes} at most.`,
    );
  }
}
