import type { SourceLoss } from "../../frames/frame.ts";
import type { FrameSink } from "../../frames/frame-source.ts";
import { missingIn, UsualStep } from "../../sources/usual-step.ts";
import { readMetadata } from "./frame-metadata.ts";

const WHY = "the frames' sample index skips";

/**
 * Wraps the sink to report what is missing before each frame. The frames' sample indexes tell that; the pipeline that receives
 * them guesses it from the time when data came, and is believed where a frame has no index, or the count has just begun.
 */
export function reportingGaps(sink: FrameSink): FrameSink {
  const gaps = new SampleGaps();
  let guessed: SourceLoss[] = [];
  return {
    get hasRoom() {
      return sink.hasRoom;
    },
    get isSilent() {
      return sink.isSilent;
    },
    room: (bytes) => sink.room(bytes),
    lost: (loss) => guessed.push(loss),
    take(frame) {
      const losses = gaps.before(readMetadata(frame.jpeg)?.sampleIndex) ?? guessed;
      guessed = [];
      for (const loss of losses) sink.lost(loss);
      return sink.take(frame);
    },
  };
}

/**
 * Finds lost frames from the frames' sample indexes. A Thingscope server counts frames: each step is 1, and what is missing is
 * known exactly. A device counts samples between frames: the usual step is estimated.
 */
export class SampleGaps {
  #before: number | undefined;
  readonly #usual = new UsualStep();

  /** What is missing between the frame of the last call and this one. @returns Undefined where indexes do not tell. */
  before(sampleIndex: number | undefined): readonly SourceLoss[] | undefined {
    const before = this.#before;
    this.#before = sampleIndex;
    if (sampleIndex === undefined || before === undefined || sampleIndex <= before) {
      this.#usual.reset(); // the count restarted
      return undefined;
    }
    const [step, usual] = [sampleIndex - before, this.#usual.value];
    this.#usual.add(step);
    if (usual === undefined) return undefined;
    const count = missingIn(step, usual);
    return count > 0 ? [{ what: "lost", count, why: WHY }] : [];
  }
}
