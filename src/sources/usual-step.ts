/** A step that is longer than this many usual ones is a hole. */
const HOLE = 1.5;
/** The usual step is the middle one of so many. */
const STEPS = 9;
const FEWEST_STEPS = 3;

/** What a usual step between two frames is, found in those that there were: whatever slows down is soon not taken for losing frames. */
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

/** How many frames are missing in a step, 0 when it is none that has a hole. */
export function missingIn(step: number, usual: number): number {
  return usual > 0 && step > HOLE * usual ? Math.round(step / usual) - 1 : 0;
}
