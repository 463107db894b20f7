import type { SourceNote, SourceSum } from "./ledger.ts";

/** More reasons than this are told as one: a source may give a new one each time. */
const MOST_REASONS = 32;
const OTHERS = "other reasons, which the ledger's lines give";

/** Adds up what a camera's source lost, by kind and reason. */
export class SourceTally {
  readonly #sums = new Map<string, SourceSum>();

  add({ what, why, count, ms }: SourceNote): void {
    const isKnown = this.#sums.has(`${what} ${why}`) || this.#sums.size < MOST_REASONS;
    const reason = isKnown ? why : OTHERS;
    const key = `${what} ${reason}`;
    const { times = 0, ...sum } = this.#sums.get(key) ?? { count: 0, ms: 0 };
    const total = { count: sum.count + count, times: times + 1, ms: round(sum.ms + ms) };
    this.#sums.set(key, { what, why: reason, ...total });
  }

  get sums(): SourceSum[] {
    return [...this.#sums.values()];
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
