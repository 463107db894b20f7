import { now } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import type { ClockStep } from "../base/wall-clock.ts";
import { type ClockSet, ClockSteps, setBy } from "../frames/clock-set.ts";
import { CLOSEST_MS, FrameTimes, timeFault } from "../frames/frame-times.ts";
import type { JpegInfo } from "../frames/jpeg/jpeg.ts";
import { JpegInspector } from "../frames/jpeg/jpeg-inspector.ts";
import { JpegMender } from "../frames/jpeg/mended-jpeg.ts";
import { streamStopped } from "./frame-outlet.ts";
import { SourceLosses } from "./source-losses.ts";
import type { FrameOptions } from "./stream-options.ts";

/** Frames do not overtake each other by this much. */
const OVERTAKEN_MS = 5000;
/** A source that starts may be this late with its first frames. */
const LATE_MS = 10_000;
/** A clock that is ahead of the arrival by this much was set, ms. */
const SET_MS = 1000;
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
  /** A larger JPEG is refused. */
  readonly maxFrameBytes: number;
  /** Pictures that were put right. */
  mended = 0;
  readonly #inspector = new JpegInspector();
  readonly #mender = new JpegMender();
  #times = newTimes();
  #aheadMs = 0;
  #sourceSteps = new ClockSteps();
  /** In this run. */
  #clockSet: ClockSet | undefined;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * @returns What the picture is; `mended` if it was put right: see `mendedJpeg`.
   * @throws {ThingError} `BAD_FRAME` unless the bytes are one whole JPEG; `STREAM_STOPPED`.
   */
  inspect(
    jpeg: Uint8Array,
    isStreaming: boolean,
  ): { readonly info: JpegInfo; readonly mended?: Uint8Array } {
    if (!isStreaming) {
      this.refused.stopped += 1;
      throw streamStopped();
    }
    const isTooLarge = jpeg instanceof Uint8Array && jpeg.length > this.maxFrameBytes;
    try {
      if (isTooLarge) throw this.#tooLarge(jpeg.length);
      return { info: this.#inspector.inspect(jpeg) };
    } catch (error) {
      const mended = isTooLarge ? undefined : this.#inspectMended(jpeg);
      if (mended) return mended;
      this.refused[isTooLarge ? "tooLarge" : "corrupt"] += 1;
      this.losses.note({ what: "refused", count: 1, why: messageOf(error) });
      throw error;
    }
  }

  #inspectMended(jpeg: Uint8Array): { info: JpegInfo; mended: Uint8Array } | undefined {
    const mended = this.#mender.mended(jpeg);
    if (!mended) return undefined;
    try {
      const info = this.#inspector.inspect(mended);
      this.mended += 1;
      return { info, mended };
    } catch {
      return undefined; // the first fault is told
    }
  }

  /**
   * When a frame was captured, on the clock of `now()`: not after it arrived, and later than the one that it follows. Where the
   * clock of its source was set, times go on as the frames come, and `clockSet` tells. @param before - The frame before in this run.
   */
  timeOf(
    { capturedAt, clockSet }: Pick<FrameOptions, "capturedAt" | "clockSet">,
    before: number | undefined,
  ): { capturedAt: number; clockSet?: ClockSet | undefined } {
    const arrived = now();
    const asked = capturedAt ?? arrived;
    if (before === undefined) this.#begin();
    const isTime = timeFault(asked) === undefined;
    const { capturedAt: steady, step } = isTime
      ? this.#times.next(Math.min(asked, arrived), arrived)
      : this.#times.untimed(arrived);
    const isFirst = before === undefined;
    const ahead = isTime ? this.#stepAhead(asked - arrived, arrived, isFirst) : undefined;
    const told = this.#sourceSteps.next({ clockSet });
    for (const one of [step ?? ahead, told]) if (one) this.#clockSet = setBy(this.#clockSet, one);
    const time = Math.min(steady, Math.max(arrived, (before ?? 0) + CLOSEST_MS));
    if (time !== asked) this.correctedTimes += 1;
    return { capturedAt: time, clockSet: this.#clockSet };
  }

  #begin(): void {
    this.#times = newTimes();
    this.#sourceSteps = new ClockSteps();
    this.#clockSet = undefined;
    this.#aheadMs = 0;
  }

  /** The source's clock has come to be ahead of ours, or is so no more: meanwhile frames have the time of their arrival. */
  #stepAhead(aheadMs: number, at: number, isFirst: boolean): ClockStep | undefined {
    const ahead = Math.max(0, aheadMs);
    const byMs = Math.round(ahead - this.#aheadMs);
    if (!isFirst && Math.abs(byMs) < SET_MS) return undefined;
    this.#aheadMs = ahead;
    return isFirst ? undefined : { at, byMs };
  }

  #tooLarge(bytes: number): ThingError {
    return new ThingError(
      "BAD_FRAME",
      `The frame has ${bytes} bytes; this stream accepts at most ${this.maxFrameBytes}.`,
    );
  }
}

function newTimes(): FrameTimes {
  return new FrameTimes({ aheadMs: LATE_MS, isLive: true, overtakenMs: OVERTAKEN_MS });
}
