import type { LostSum, SourceLoss } from "../frames/frame.ts";
import type { PassedOver } from "../frames/frame-source.ts";
import { lostWith } from "../frames/lost-sum.ts";

/** More kinds of losses than this between two frames are told as the last of them: a source may give a new reason each time. */
const MOST_KINDS = 16;

/** What a stream's source has lost since the newest frame: it is told with the next one. */
export class SourceLosses {
  /** Frames that were lost before they came here, as far as the source knows. */
  lost = 0;
  outages = 0;
  /** In this run; undefined while nothing is missing. */
  sum: LostSum | undefined;
  /** What it has passed over, since it was no new frame. */
  readonly passed: Record<PassedOver, number> = { unchanged: 0, part: 0 };
  #pending: SourceLoss[] = [];

  /** What no frame has told yet. */
  get pending(): readonly SourceLoss[] {
    return this.#pending;
  }

  note(loss: SourceLoss): void {
    if (loss.what === "lost") this.lost += loss.count;
    if (loss.what === "outage") this.outages += 1;
    this.sum = lostWith(this.sum, loss);
    const { what, why, count } = loss;
    const isSame = (one: SourceLoss) => one.what === what && one.why === why;
    const known = this.#pending.findIndex(isSame);
    const place = known >= 0 ? known : Math.min(this.#pending.length, MOST_KINDS - 1);
    const before = this.#pending[place];
    this.#pending[place] = { what, why, count: count + (before?.count ?? 0) };
  }

  /** What the next frame is told with. */
  take(): {
    readonly lossesBefore?: readonly SourceLoss[];
    readonly lostSum?: LostSum | undefined;
  } {
    const { sum: lostSum } = this;
    if (this.#pending.length === 0) return { lostSum };
    const lossesBefore = this.#pending;
    this.#pending = [];
    return { lossesBefore, lostSum };
  }
}
