import type { LostSum, SourceLoss } from "./frame.ts";

/** What a frame says of its run. */
interface Summed {
  readonly run: string;
  readonly lostSum?: LostSum | undefined;
}

const WHYS = {
  lost: "the source of the other stream lost it",
  refused: "the other stream refused it: it was not a whole JPEG",
} as const;

/** Finds what another stream lost from its frames' sums: since each frame has the sum, nothing is missed where frames are skipped. */
export class LostSums {
  #before: Summed | undefined;

  /** What was lost since the previous frame; unknown for the first. */
  next({ run, lostSum }: Summed): SourceLoss[] | undefined {
    const before = this.#before;
    this.#before = { run, lostSum };
    if (!before || !lostSum) return undefined;
    const known = before.run === run ? before.lostSum : undefined;
    const losses = (["lost", "refused"] as const)
      .map((what) => ({ what, count: lostSum[what] - (known?.[what] ?? 0), why: WHYS[what] }))
      .filter(({ count }) => count > 0);
    return losses.length > 0 ? losses : undefined;
  }
}

/** The sum with one more loss. An outage is told as such, and has no count of frames. */
export function lostWith(sum: LostSum | undefined, loss: SourceLoss): LostSum | undefined {
  if (loss.what === "outage" || loss.count === 0) return sum;
  const { lost, refused } = sum ?? { lost: 0, refused: 0 };
  const { count } = loss;
  return loss.what === "lost"
    ? { lost: lost + count, refused }
    : { lost, refused: refused + count };
}

/** The value of `X-Lost`: `lost=3;refused=1`. */
export function describeLostSum({ lost, refused }: LostSum): string {
  return `lost=${lost};refused=${refused}`;
}

/** Reads `X-Lost`. Undefined if it is invalid. */
export function readLostSum(text: string | undefined): LostSum | undefined {
  const found = /^lost=(\d{1,15});refused=(\d{1,15})$/.exec(text ?? "");
  return found ? { lost: Number(found[1]), refused: Number(found[2]) } : undefined;
}
