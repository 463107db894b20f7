import type { SourceLoss } from "../../frames/frame.ts";

const WHY = "the frames' sample index skips";
/** A step that is longer than this many usual ones is a hole. */
const HOLE = 1.5;
/** The usual step is the middle one of so many. */
const STEPS = 9;
const FEWEST_STEPS = 3;

/**
 * Finds what was lost on the way out of the frames' sample indexes. A Thingscope server counts frames: each step is 1, and what
 * is missing is known exactly. A device counts samples between frames: what a usual step is shows itself.
 */
export class SampleGaps {
  #before: number | undefined;
  #steps: number[] = [];

  /** What is missing between the frame of the last call and this one. */
  before(sampleIndex: number): SourceLoss | undefined {
    const step = this.#before === undefined ? 0 : sampleIndex - this.#before;
    this.#before = sampleIndex;
    if (step <= 0) {
      this.#steps = []; // it counts anew
      return undefined;
    }
    const usual = this.#usualStep();
    this.#steps = [...this.#steps.slice(1 - STEPS), step];
    if (usual === undefined || step <= HOLE * usual) return undefined;
    return { what: "lost", count: Math.round(step / usual) - 1, why: WHY };
  }

  #usualStep(): number | undefined {
    if (this.#steps.length < FEWEST_STEPS) return undefined;
    return [...this.#steps].sort((a, b) => a - b)[this.#steps.length >> 1];
  }
}
