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

const NOTHING: LostSum = { lost: 0, refused: 0 };
/** Of each, that is told: what is more has no fifteen digits. */
const MOST = 999_999_999_999_999;

/** Finds what another stream lost from its frames' sums: since each frame has the sum, nothing is missed where frames are skipped. */
export class LostSums {
  /** The sums of a run as far as they are known, which only grow: a frame that says less, or nothing, does not undo them. */
  #known: (LostSum & { readonly run: string }) | undefined;

  /** What was lost since the previous frame; unknown for the first. */
  next({ run, lostSum = NOTHING }: Summed): SourceLoss[] | undefined {
    const isFirst = this.#known === undefined;
    const known = this.#known?.run === run ? this.#known : NOTHING;
    const { lost, refused } = {
      lost: Math.max(known.lost, lostSum.lost),
      refused: Math.max(known.refused, lostSum.refused),
    };
    this.#known = { run, lost, refused };
    const losses = [
      { what: "lost" as const, count: lost - known.lost, why: WHYS.lost },
      { what: "refused" as const, count: refused - known.refused, why: WHYS.refused },
    ].filter(({ count }) => count > 0);
    return isFirst || losses.length === 0 ? undefined : losses;
  }
}

/** The sum with one more loss. An outage is told as such, and has no count of frames. */
export function lostWith(sum: LostSum | undefined, loss: SourceLoss): LostSum | undefined {
  if (loss.what === "outage" || loss.count === 0) return sum;
  const { lost, refused } = sum ?? { lost: 0, refused: 0 };
  const more = (before: number) => Math.min(MOST, before + loss.count);
  return loss.what === "lost" ? { lost: more(lost), refused } : { lost, refused: more(refused) };
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
