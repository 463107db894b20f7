/** How this machine's clock stands to that of its fleet. */
export interface ClockOffset {
  /** The member whose clock is the fleet's: the first by name. */
  readonly reference: string;
  /** How far this machine's wall clock (`wallTime`) is ahead of that, ms; less than 0 where it is behind. */
  readonly offsetMs: number;
  /** The offset is no further off than this, ms, as long as both clocks run at their usual rates. */
  readonly uncertaintyMs: number;
}

/** The one of this process, as it was measured last; undefined outside a fleet, and before it is measured. */
export const fleetClock: { offset: ClockOffset | undefined } = { offset: undefined };

/** How this machine's clock stands to that of its fleet now; undefined outside a fleet, and before it is measured. */
export function clockOffset(): ClockOffset | undefined {
  return fleetClock.offset;
}
