import { now } from "../base/clock.ts";
import type { ClockStep } from "../base/wall-clock.ts";
import { FrameTimes, timeFault } from "../frames/frame-times.ts";

/** A timestamp that is further than this from the time of day is no time of day, ms. */
const CLOCK_RANGE_MS = 24 * 3600_000;
/** A frame that seems to have come this much quicker than any before was stamped by a clock that was set, ms. */
const AHEAD_MS = 1000;

/** What is known of the time of a frame. */
interface Received {
  /** What the server says, epoch ms. */
  readonly capturedAt: number | undefined;
  /** Epoch ms. */
  readonly receivedAt: number;
  readonly numberedBy: "server" | "reader";
}

/**
 * When another server's frames were captured, by its clock as it was set when the first one came: where it is set meanwhile,
 * times go on as before, and the step is told.
 */
export class RemoteTimes {
  readonly #onStep: (step: ClockStep) => void;
  readonly #times = new FrameTimes({ aheadMs: AHEAD_MS, isLive: true });
  /** Whether the server's timestamps are taken for times, which the first frame decides. */
  #isStamped: boolean | undefined;

  constructor(onStep: (step: ClockStep) => void) {
    this.#onStep = onStep;
  }

  /**
   * Epoch ms; later than of the frame before.
   * @param cameAt - When the frame came, on the clock of `now()`.
   */
  of(frame: Received, cameAt = now()): number {
    this.#isStamped ??= isTimeOfDay(frame);
    const { capturedAt: stamp, receivedAt } = frame;
    const said = this.#isStamped ? stamp : receivedAt;
    const isTime = said !== undefined && timeFault(said) === undefined;
    const { capturedAt, step } = isTime
      ? this.#times.next(said, cameAt)
      : this.#times.untimed(cameAt);
    if (step) this.#onStep(step);
    return capturedAt;
  }
}

function isTimeOfDay({ capturedAt, receivedAt, numberedBy }: Received): boolean {
  if (capturedAt === undefined || timeFault(capturedAt) !== undefined) return false;
  return numberedBy === "server" || Math.abs(capturedAt - receivedAt) < CLOCK_RANGE_MS;
}
