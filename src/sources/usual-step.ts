/** A step longer than this many usual ones is a gap. */
const HOLE = 1.5;
/** The usual step is the median of so many. */
const STEPS = 9;
const FEWEST_STEPS = 3;

/** Estimates the usual step between frames from recent ones, so that a camera that slows down does not seem to lose frames. */
export class UsualStep {
  #steps: number[] = [];

  /** Undefined while too few are known. */
  get value(): number | undefined {
    if (this.#steps.length < FEWEST_STEPS) return undefined;
    return [...this.#steps].sort((a, b) => a - b)[this.#steps.length >> 1];
  }

  add(step: number): void {
    this.#steps = [...this.#steps.slice(1 - STEPS), step];
  }

  /** What counts the steps began anew. */
  reset(): void {
    this.#steps = [];
  }
}

/** How many frames are missing in a step; 0 if it is not a gap. */
export function missingIn(step: number, usual: number): number {
  return usual > 0 && step > HOLE * usual ? Math.round(step / usual) - 1 : 0;
}
