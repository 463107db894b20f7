import { now, wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { type ClockOffset, fleetClock } from "../../base/fleet-clock.ts";
import { type ClockStep, wallClock } from "../../base/wall-clock.ts";
import { ClockSteps } from "../../frames/clock-set.ts";
import type { Frame, FrameName } from "../../frames/frame.ts";
import { FrameTimes, timeFault } from "../../frames/frame-times.ts";
import type { RecordingOptions } from "./recording-options.ts";

/** Frames that come this much quicker than any before have their times from a clock that was set. */
const AHEAD_MS = 5000;

/**
 * The clock of one file. It makes the frames' times those of the wall clock as it was set when the recording began, and stays so
 * to the end, that times in one file are as far apart as the frames were. Steps meanwhile are told.
 */
export class FileClock {
  readonly #isWall: boolean;
  readonly #shiftMs: number;
  readonly #times = new FrameTimes({ aheadMs: AHEAD_MS });
  readonly #told = new ClockSteps();
  #stepsSeen = wallClock.stepCount;

  constructor({ clock }: Pick<RecordingOptions, "clock">) {
    this.#isWall = clock === "wall";
    this.#shiftMs = this.#isWall ? 0 : wallClock.shiftMs;
  }

  /** How the file's clock stands to that of the fleet. */
  get fleetOffset(): ClockOffset | undefined {
    return this.#isWall ? fleetClock.offset : fleetClock.offsetWith(this.#shiftMs);
  }

  /** A time of the clock that stamps the frames, as one of the file. @throws {ThingError} `BAD_ARGUMENT` for what is no time. */
  timeOf(time: number): number {
    const fault = timeFault(time);
    if (!fault) return time + this.#shiftMs;
    throw new ThingError("BAD_ARGUMENT", `A time must be in ms since 1970: ${time} ${fault}.`);
  }

  /** The next frame as it is to be in the file, and the step of its clock before it; or why its time is none. */
  next(stamped: Frame): { frame: Frame; step?: ClockStep | undefined } | { fault: string } {
    const fault = timeFault(stamped.capturedAt);
    if (fault) return { fault: `its time ${fault}` };
    const { capturedAt, step } = this.#times.next(stamped.capturedAt);
    const told = this.#told.next(stamped);
    const clockStep = step ?? told;
    const frame = this.placed(stamped, capturedAt);
    return clockStep ? { frame, step: this.#stepOf(clockStep) } : { frame };
  }

  /** Said before the first frame: another file has the one before it. */
  follows(frame: FrameName): FrameName {
    this.#told.next(frame);
    return this.placed(frame);
  }

  /** The same with its time in the file. */
  placed<T extends { readonly capturedAt: number }>(
    stamped: T,
    capturedAt = stamped.capturedAt,
  ): T {
    const time = capturedAt + this.#shiftMs;
    return time === stamped.capturedAt ? stamped : { ...stamped, capturedAt: time };
  }

  /** Now, on the clock of the file. */
  now(): number {
    return this.#isWall ? wallTime() : now() + this.#shiftMs;
  }

  /** Steps of the wall clock since this was last asked. Where another clock stamps the frames, they tell nothing of that. */
  newSteps(): ClockStep[] {
    wallClock.look();
    const steps = wallClock.stepsSince(this.#stepsSeen);
    this.#stepsSeen = wallClock.stepCount;
    return this.#isWall ? [] : steps.map((step) => this.#stepOf(step));
  }

  #stepOf({ at, byMs }: ClockStep): ClockStep {
    return { at: at + this.#shiftMs, byMs };
  }
}
