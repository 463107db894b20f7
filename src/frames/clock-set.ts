import { wallTime } from "../base/clock.ts";
import type { ClockStep } from "../base/wall-clock.ts";

/** By how much a clock has been set since it was first read, and when last. */
export interface ClockSet {
  /** On the clock of `now()`, ms. */
  readonly at: number;
  /** All steps together, ms; less than 0 for back. */
  readonly byMs: number;
}

/** The clock fields of a frame. */
interface Stamped {
  /** Each run is assumed to have a new clock. */
  readonly run?: string | undefined;
  readonly clockSet?: ClockSet | undefined;
}

/**
 * Finds a clock's steps from the frames' totals: since each frame has the total, a step is found however many frames are
 * skipped.
 */
export class ClockSteps {
  #before: Stamped | undefined;

  /** The step since the previous frame; unknown for the first frame. */
  next({ run, clockSet }: Stamped): ClockStep | undefined {
    const before = this.#before;
    this.#before = { run, clockSet };
    if (!before || !clockSet) return undefined;
    const known = before.run === run ? (before.clockSet?.byMs ?? 0) : 0;
    const byMs = Math.round(clockSet.byMs - known);
    return byMs === 0 ? undefined : { at: clockSet.at, byMs };
  }
}

/** A clock's total with one more step. */
export function setBy(clockSet: ClockSet | undefined, { at, byMs }: ClockStep): ClockSet {
  return { at, byMs: (clockSet?.byMs ?? 0) + byMs };
}

/** The value of `X-Clock-Set`: `by=-3600.000;at=1770000000.000000`, in seconds, `at` on the wall clock. */
export function describeClockSet({ at, byMs }: ClockSet): string {
  return `by=${(byMs / 1000).toFixed(3)};at=${(wallTime(at) / 1000).toFixed(6)}`;
}

/** Reads `X-Clock-Set`; `at` is on the sender's wall clock, epoch ms. Undefined if it is invalid. */
export function readClockSet(text: string | undefined): ClockSet | undefined {
  const found = /^by=(-?\d{1,12}(?:\.\d+)?);at=(\d{1,12}(?:\.\d+)?)$/.exec(text ?? "");
  return found ? { at: Number(found[2]) * 1000, byMs: Number(found[1]) * 1000 } : undefined;
}
