import { ThingError } from "thingscope";
import {
  type ClockOffset,
  clockOffset,
  type SteadyOffset,
  steadyOffset,
} from "thingscope/recording";

/** A moment on the clock of `now()` of a fleet's reference, which no step of a wall clock moves. */
export interface FleetMoment {
  /** Epoch ms. */
  readonly at: number;
  /** The member whose clock it is. */
  readonly reference: string;
  /** Which process of it, by when it began, epoch ms. */
  readonly origin: number;
}

/**
 * A time of `now()` as a moment of the fleet.
 * @throws {ThingError} `NOT_READY` outside a fleet, and before this machine's clock is measured.
 */
export function fleetMoment(time: number): FleetMoment {
  const { reference, origin, aheadMs } = measured(steadyOffset());
  return { at: time - aheadMs, reference, origin };
}

/**
 * A moment of the fleet as a time of `now()`.
 * @throws {ThingError} `NOT_READY` as `fleetMoment`, and where clocks are compared with that of another member.
 */
export function timeOf({ at, reference, origin }: FleetMoment): number {
  const own = measured(steadyOffset());
  if (own.reference === reference && own.origin === origin) return at + own.aheadMs;
  const again = own.reference === reference ? " from before it was started again" : "";
  throw new ThingError(
    "NOT_READY",
    `This server compares its clock with that of '${own.reference}'${again}, and the moment is one of '${reference}'. Wait until all members see each other, then start again.`,
  );
}

/**
 * How this machine's clock stands to that of its fleet.
 * @throws {ThingError} `NOT_READY` outside a fleet, and before it is measured.
 */
export function measuredClock(): ClockOffset {
  return measured(clockOffset());
}

function measured<T extends ClockOffset | SteadyOffset>(offset: T | undefined): T {
  if (offset) return offset;
  throw new ThingError(
    "NOT_READY",
    "This server does not know how its clock stands to that of its fleet, so it cannot record together with other machines. Look at 'fleet' in /health.",
  );
}

/** How far this machine's clock moves from the fleet's, from now on. */
export class ClockDrift {
  readonly #began = steadyOffset();

  /** Since it was made, ms, without steps of any wall clock; undefined where it is not known. */
  get ms(): number | undefined {
    const [began, ended] = [this.#began, steadyOffset()];
    const isSame = began?.reference === ended?.reference && began?.origin === ended?.origin;
    return began && ended && isSame ? ended.aheadMs - began.aheadMs : undefined;
  }
}
