import type { ClockStep } from "../../base/wall-clock.ts";
import type { Frame, Origin, SourceLoss } from "../../frames/frame.ts";
import {
  type Gap,
  LEFT_OUT,
  type LedgerNote,
  type LostFrames,
  type RecordingSummary,
} from "./ledger.ts";
import { SourceTally } from "./source-tally.ts";
import { gapOf, rateOf } from "./timing.ts";

/** A clock that is read wrong may step with each frame: a summary has so many, the last one the sum of the rest. */
const MOST_STEPS = 1000;

/** Counts what becomes of each frame of one recording, so that written and dropped add up to captured. */
export class Tally {
  readonly #dropped = new Map<string, number>();
  #leftOut = 0;
  readonly #clockSteps: number[] = [];
  #written = 0;
  #came = 0;
  #newRuns = 0;
  #first: number | undefined;
  #last: number | undefined;
  #longestGap: Gap | undefined;
  #latest: { run: string; index: number } | undefined;
  /** Capture time of the newest frame, written or not, or of the one before the first. */
  #latestAt: number | undefined;
  #size: { readonly width: number; readonly height: number } | undefined;
  #origin: Origin | undefined;
  readonly #source = new SourceTally();
  #losing: LostFrames | undefined;

  /** @param follows - The frame before the first one, if that is in another file. */
  constructor(follows?: Pick<Frame, "run" | "index" | "capturedAt">) {
    if (follows) this.follow(follows);
  }

  /** Said before the first frame: another file has the one before it. */
  follow({ run, index, capturedAt }: Pick<Frame, "run" | "index" | "capturedAt">): void {
    this.#latest = { run, index };
    this.#latestAt = capturedAt;
  }

  /** Epoch ms, of the newest frame. */
  get latestAt(): number | undefined {
    return this.#latestAt;
  }

  get written(): number {
    return this.#written;
  }

  /** What has become of the frames so far, and how many came. */
  get counts() {
    return {
      ...{ written: this.#written, lost: this.#dropped, came: this.#came },
      ...{ first: this.#first, last: this.#last },
    };
  }

  /** Frames that were lost: not those left out on purpose. */
  get dropped(): number {
    return [...this.#dropped.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * A frame comes next: what is to be noted before it. Indices that are missing before it are lost.
   * @param step - Of the clock that stamps frames, since the one before.
   */
  next(frame: Frame, step?: ClockStep): LedgerNote[] {
    const { run, index, capturedAt, lossesBefore } = frame;
    this.#came += 1;
    const notes: LedgerNote[] = [];
    const latest = this.#latest;
    this.#latest = { run, index };
    if (latest && latest.run !== run) {
      notes.push(...this.endOfLoss(), { run: { run, previousRun: latest.run } });
      this.#newRuns += 1;
    }
    const expected = latest?.run === run ? latest.index + 1 : latest ? 0 : index;
    if (index > expected) {
      notes.push(...this.lose({ run, from: expected, to: index - 1, why: "it never arrived" }));
    }
    const told = this.#told(lossesBefore ?? [], { run, before: index, at: capturedAt });
    if (told.length > 0) notes.push(...this.endOfLoss(), ...told);
    if (step && this.#latestAt !== undefined) notes.push(...this.endOfLoss(), ...this.step(step));
    notes.push(...this.#otherSize(frame), ...this.#otherOrigin(frame));
    this.#latestAt = capturedAt;
    return notes;
  }

  /** What no frame has told, up to a time, epoch ms. What was lost before the first frame belongs to no recording. */
  source(losses: readonly SourceLoss[], at: number): LedgerNote[] {
    if (!this.#latest) return [];
    const { run, index } = this.#latest;
    return [...this.endOfLoss(), ...this.#told(losses, { run, before: index + 1, at })];
  }

  /** These frames will not be in the file. @returns what is to be noted now: the loss before, if it is another. */
  lose(lost: LostFrames): LedgerNote[] {
    this.#count(lost);
    const latest = this.#latest;
    const isAhead = latest?.run !== lost.run || latest.index < lost.to;
    if (isAhead) this.#latest = { run: lost.run, index: lost.to };
    const before = this.#losing;
    const goesOn =
      before?.run === lost.run && before.to + 1 === lost.from && before.why === lost.why;
    const notes = goesOn ? [] : this.endOfLoss();
    this.#losing = goesOn ? { ...before, to: lost.to } : lost;
    return notes;
  }

  /** What is to be noted of a loss that is over. */
  endOfLoss(): LedgerNote[] {
    const lost = this.#losing;
    this.#losing = undefined;
    return lost ? [{ dropped: lost }] : [];
  }

  /** A frame is in the file. */
  wrote(capturedAt: number): void {
    this.#written += 1;
    this.#first ??= capturedAt;
    const at = this.#last ?? capturedAt;
    const ms = capturedAt - at;
    if (ms > (this.#longestGap?.ms ?? 0)) this.#longestGap = gapOf(ms, at);
    this.#last = capturedAt;
  }

  /** A frame that was in the file had to leave it; `last` is the capture time of the one before. */
  takeBack(lost: LostFrames, last: number | undefined): LedgerNote[] {
    this.#written -= 1;
    this.#last = last;
    if (last === this.#longestGap?.at) this.#longestGap = undefined; // its end has left the file; the disk was full
    return this.lose(lost);
  }

  /** The clock that stamps the frames was set, or the wall clock. */
  step(clockStep: ClockStep): LedgerNote[] {
    noteStep(this.#clockSteps, clockStep.byMs);
    return [{ clockStep }];
  }

  #count({ from, to, why }: LostFrames): void {
    const count = to - from + 1;
    if (why === LEFT_OUT) this.#leftOut += count;
    else this.#dropped.set(why, (this.#dropped.get(why) ?? 0) + count);
  }

  #otherSize({ run, index, width, height }: Frame): LedgerNote[] {
    const before = this.#size;
    this.#size = { width, height };
    if (!before || (before.width === width && before.height === height)) return [];
    return [...this.endOfLoss(), { size: { run, index, width, height } }];
  }

  #otherOrigin({ run, index, origin }: Frame): LedgerNote[] {
    const before = this.#origin;
    this.#origin = origin;
    if (!origin || (before?.stream === origin.stream && before.run === origin.run)) return [];
    const { stream, run: originRun, index: originIndex, capturedAt } = origin;
    const what = { run, index, stream, originRun, originIndex, capturedAt };
    return [...this.endOfLoss(), { origin: what }];
  }

  #told(
    losses: readonly SourceLoss[],
    { run, before, at }: { run: string; before: number; at: number },
  ): LedgerNote[] {
    if (this.#latestAt === undefined) return []; // before the first frame
    const ms = Math.max(0, Math.round((at - this.#latestAt) * 1000) / 1000);
    return losses.map(({ what, count, why }) => {
      const source = { run, before, what, count, ms, why };
      this.#source.add(source);
      return { source };
    });
  }

  summary(ended: string, refused: number, bytes: number): RecordingSummary {
    const [first, last] = [this.#first, this.#last];
    return {
      ended,
      captured: this.#written + this.dropped + this.#leftOut,
      written: this.#written,
      dropped: Object.fromEntries(this.#dropped),
      ...(this.#leftOut > 0 && { leftOut: this.#leftOut }),
      refused,
      clockSteps: this.#clockSteps,
      newRuns: this.#newRuns,
      source: this.#source.sums,
      first,
      last,
      rate: rateOf(this.#written, (last ?? 0) - (first ?? 0)),
      longestGap: this.#longestGap,
      bytes,
    };
  }
}

/** One more step, ms, for a summary. */
export function noteStep(steps: number[], byMs: number): void {
  if (steps.length < MOST_STEPS) steps.push(byMs);
  else steps[MOST_STEPS - 1]! += byMs;
}
