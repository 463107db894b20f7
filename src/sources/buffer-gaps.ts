import type { SourceLoss } from "../frames/frame.ts";
import type { GdpBuffer } from "../frames/wire/gdp.ts";
import { missingIn, UsualStep } from "./usual-step.ts";

const NUMBERS_SKIP = "the driver's frame numbers have a gap";
/** Also found where the clock was set forward; callers that know the arrival times ignore it there. */
export const TIMES_SKIP = "the pipeline's times have a gap";
const MARKED = "the pipeline marks a gap";

/**
 * Finds frames that a pipeline lost. A driver's numbers show exactly how many are missing. Without them (encoders drop them), a
 * gap in the times shows it, if frames have durations or the pipeline marks discontinuities; the usual period is tracked, so a
 * camera that becomes slower in the dark is not mistaken for one that loses frames.
 */
export class BufferGaps {
  #before: GdpBuffer | undefined;
  readonly #usual = new UsualStep();

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
      this.#usual.reset();
      return isDiscontinuous ? lost(0, MARKED) : undefined;
    }
    const period = Math.max(Number(before.durationNs ?? 0n), this.#usual.value ?? 0); // ns
    this.#usual.add(step);
    const tells = before.durationNs !== undefined || isDiscontinuous;
    const count = tells ? missingIn(step, period) : 0;
    if (count > 0) return lost(count, isDiscontinuous ? MARKED : TIMES_SKIP);
    return isDiscontinuous && period === 0 ? lost(0, MARKED) : undefined;
  }
}

function lost(count: number, why: string): SourceLoss {
  return { what: "lost", count, why };
}
