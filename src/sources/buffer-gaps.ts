import type { SourceLoss } from "../frames/frame.ts";
import type { GdpBuffer } from "../frames/wire/gdp.ts";

const NUMBERS_SKIP = "the numbers of its driver skip";
/** Also where the clock was set forward: whoever knows when frames come leaves it out there. */
export const TIMES_SKIP = "the pipeline's times have a hole";
const MARKED = "the pipeline marks a gap";
/** A step between two frames that is longer than this many usual ones is a hole. */
const HOLE = 1.5;
/** The usual step is the middle one of so many. */
const STEPS = 9;
/** A frame without a duration has no usual step before this many. */
const FEWEST_STEPS = 3;

/**
 * Finds what a pipeline lost out of what its buffers say. A driver's numbers tell exactly how many are missing. Without them
 * (an encoder does not pass them on) a hole in the times tells it, where frames say how long each lasts or the pipeline marks
 * the place; what is usual is followed, so a camera that becomes slower in the dark is soon not taken for one that loses frames.
 */
export class BufferGaps {
  #before: GdpBuffer | undefined;
  #steps: number[] = [];

  /** What is missing between the buffer of the last call and this one. */
  before(buffer: GdpBuffer): SourceLoss | undefined {
    const before = this.#before;
    this.#before = buffer;
    if (!before) return undefined;
    if (buffer.sequence !== undefined && before.sequence !== undefined) {
      const count = Number(buffer.sequence - before.sequence) - 1; // below 0: it counts anew
      return count > 0 ? lost(count, NUMBERS_SKIP) : undefined;
    }
    return this.#hole(buffer, before);
  }

  #hole(buffer: GdpBuffer, before: GdpBuffer): SourceLoss | undefined {
    const { isDiscontinuous = false } = buffer;
    const step = Number((buffer.ptsNs ?? 0n) - (before.ptsNs ?? 0n));
    if (buffer.ptsNs === undefined || before.ptsNs === undefined || step < 0) {
      this.#steps = [];
      return isDiscontinuous ? lost(0, MARKED) : undefined;
    }
    const period = Math.max(Number(before.durationNs ?? 0n), this.#usualStep());
    this.#steps = [...this.#steps.slice(1 - STEPS), step];
    const tells = before.durationNs !== undefined || isDiscontinuous;
    if (tells && period > 0 && step > HOLE * period) {
      return lost(Math.round(step / period) - 1, isDiscontinuous ? MARKED : TIMES_SKIP);
    }
    return isDiscontinuous && period === 0 ? lost(0, MARKED) : undefined;
  }

  /** ns; 0 while it is not known. */
  #usualStep(): number {
    if (this.#steps.length < FEWEST_STEPS) return 0;
    return [...this.#steps].sort((a, b) => a - b)[Math.floor(this.#steps.length / 2)] ?? 0;
  }
}

function lost(count: number, why: string): SourceLoss {
  return { what: "lost", count, why };
}
