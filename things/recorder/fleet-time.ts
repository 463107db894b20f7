import { ThingError, wallTime } from "thingscope";
import { type ClockOffset, clockOffset } from "thingscope/recording";

/** A moment on the clock of a fleet. */
export interface FleetMoment {
  /** Epoch ms. */
  readonly at: number;
  /** The member whose clock it is. */
  readonly reference: string;
}

/**
 * A time of `now()` as a moment of the fleet.
 * @throws {ThingError} `NOT_READY` outside a fleet, and before this machine's clock is measured.
 */
export function fleetMoment(time: number): FleetMoment {
  const { reference, offsetMs } = measuredClock();
  return { at: wallTime(time) - offsetMs, reference };
}

/**
 * A moment of the fleet as a time of `now()`.
 * @throws {ThingError} `NOT_READY` as `fleetMoment`, and where clocks are compared with that of another member.
 */
export function timeOf({ at, reference }: FleetMoment): number {
  const own = measuredClock();
  if (own.reference === reference) return at + own.offsetMs - wallTime(0);
  throw new ThingError(
    "NOT_READY",
    `This server compares its clock with that of '${own.reference}', and the moment is one of '${reference}'. Wait until all members see each other, then start again.`,
  );
}

/**
 * How this machine's clock stands to that of its fleet.
 * @throws {ThingError} `NOT_READY` outside a fleet, and before it is measured.
 */
export function measuredClock(): ClockOffset {
  const offset = clockOffset();
  if (offset) return offset;
  throw new ThingError(
    "NOT_READY",
    "This server does not know how its clock stands to that of its fleet, so it cannot record together with other machines. Look at 'fleet' in /health.",
  );
}

/** How far this machine's clock moves from the fleet's, from now on. */
export class ClockDrift {
  readonly #began = aheadOf(clockOffset());

  /** Since it was made, ms, without steps of the wall clock; undefined where it is not known. */
  get ms(): number | undefined {
    const ended = aheadOf(clockOffset());
    if (!this.#began || this.#began.reference !== ended?.reference) return undefined;
    return ended.steadyMs - this.#began.steadyMs;
  }
}

/** How far the clock of `now()`, which is never set, is ahead of the fleet's. */
function aheadOf(offset: ClockOffset | undefined) {
  if (!offset) return undefined;
  return { reference: offset.reference, steadyMs: offset.offsetMs - wallTime(0) };
}
