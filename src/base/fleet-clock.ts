import { wallClock } from "./wall-clock.ts";

/** How this machine's clock stands to that of its fleet. */
export interface ClockOffset {
  /** The member whose clock is the fleet's: the first by name. */
  readonly reference: string;
  /** How far this machine's wall clock (`wallTime`) is ahead of that, ms; less than 0 where it is behind. */
  readonly offsetMs: number;
  /** The offset is no further off than this, ms, as long as both clocks run at their usual rates. */
  readonly uncertaintyMs: number;
}

/** How the clock of `now()` of this process, which never steps, stands to the clocks of another member. */
export interface SteadyOffset {
  readonly reference: string;
  /** Which process of that member, by when it began: the next one has another steady clock. */
  readonly origin: number;
  /** How far this one is ahead of its wall clock, ms. */
  readonly aheadOfWallMs: number;
  /** And of its `now()`, ms. */
  readonly aheadMs: number;
  /** Of both, ms. */
  readonly uncertaintyMs: number;
}

/** The clock of this process, as it was compared with the fleet's last. */
export class FleetClock {
  /** Undefined outside a fleet, and before it is measured. */
  measured: SteadyOffset | undefined;

  /** That of the wall clock as it is set now: a step of it changes the offset at once, and needs no measurement. */
  get offset(): ClockOffset | undefined {
    return this.offsetWith(wallClock.shiftMs);
  }

  /** That of a clock which is so many ms ahead of `now()`: the wall clock as it was set at some time. */
  offsetWith(shiftMs: number): ClockOffset | undefined {
    if (!this.measured) return undefined;
    const { reference, aheadOfWallMs, uncertaintyMs } = this.measured;
    return { reference, offsetMs: aheadOfWallMs + shiftMs, uncertaintyMs };
  }
}

/** The one of this process. */
export const fleetClock = new FleetClock();

/** How this machine's clock stands to that of its fleet now; undefined outside a fleet, and before it is measured. */
export function clockOffset(): ClockOffset | undefined {
  return fleetClock.offset;
}

/** How the clock of `now()` stands to that of the fleet's reference; undefined as `clockOffset`. */
export function steadyOffset(): SteadyOffset | undefined {
  return fleetClock.measured;
}
