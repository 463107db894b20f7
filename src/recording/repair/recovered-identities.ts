import type { LedgerFrame, LedgerNote, LostFrames } from "../ledger/ledger.ts";
import { lossIn } from "../ledger/ledger.ts";
import type { LedgerFrames } from "../ledger/ledger-frames.ts";
import { inTurns } from "../ledger/turns.ts";

/** More frames than this without lines are not counted one by one. */
const MOST_RECOVERED = 100_000;

/**
 * Finds out who frames are whose lines cannot be read: where as many stand between two that are known as are missing between these,
 * they are those. @returns what is then still missing between frames of one run, and nothing tells why.
 */
export async function identifyRecovered(
  frames: LedgerFrames,
  unlisted: readonly number[],
  notes: readonly LedgerNote[],
  lost: readonly LostFrames[],
): Promise<LostFrames[]> {
  const known = lossesByRun([...notes.flatMap((note) => lossIn(note) ?? []), ...lost]);
  for (const { first, last } of groupsOf(unlisted)) {
    const gap = gapBetween(frames.at(first - 1), frames.at(last + 1));
    if (!gap || first === 0) continue;
    const free = indicesIn(gap, known.get(gap.run) ?? []);
    if (free.length !== last - first + 1) continue;
    for (const [n, index] of free.entries()) frames.identify(first + n, { run: gap.run, index });
  }
  return untold(frames, known);
}

/** Gaps between frames that no line tells of. */
async function untold(
  frames: LedgerFrames,
  known: ReadonlyMap<string, LostFrames[]>,
): Promise<LostFrames[]> {
  const gaps: LostFrames[] = [];
  let before: LedgerFrame | undefined;
  await inTurns(frames.length, (n) => {
    const frame = frames.at(n)!;
    const gap = frame.run === "" ? undefined : gapBetween(before, frame);
    before = frame;
    if (!gap) return;
    const told = known.get(gap.run) ?? [];
    for (const index of indicesIn(gap, told)) {
      const last = gaps.at(-1);
      if (last?.run === gap.run && last.to + 1 === index)
        gaps.splice(-1, 1, { ...last, to: index });
      else gaps.push({ run: gap.run, from: index, to: index, why: UNTOLD });
    }
  });
  return gaps;
}

const UNTOLD = "the ledger lines about it are damaged";

interface Gap {
  readonly run: string;
  readonly from: number;
  readonly to: number;
}

function gapBetween(
  before: LedgerFrame | undefined,
  after: LedgerFrame | undefined,
): Gap | undefined {
  if (!before || !after || before.run === "" || before.run !== after.run) return undefined;
  const [from, to] = [before.index + 1, after.index - 1];
  return from <= to ? { run: before.run, from, to } : undefined;
}

/** What is in a gap and in none of these ranges, which are in order. */
function indicesIn({ from, to }: Gap, told: readonly LostFrames[]): number[] {
  const free: number[] = [];
  let next = firstReaching(told, from);
  for (let index = from; index <= to && free.length < MOST_RECOVERED; ) {
    const range = told[next];
    if (range && range.to < index) next += 1;
    else if (range && range.from <= index) index = range.to + 1;
    else free.push(index++);
  }
  return free;
}

/** The first range that ends at an index or behind it. */
function firstReaching(ranges: readonly LostFrames[], index: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.to < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lossesByRun(losses: readonly LostFrames[]): Map<string, LostFrames[]> {
  const byRun = new Map<string, LostFrames[]>();
  for (const loss of losses) {
    const own = byRun.get(loss.run) ?? [];
    own.push(loss);
    byRun.set(loss.run, own);
  }
  for (const own of byRun.values()) own.sort((one, other) => one.from - other.from);
  return byRun;
}

function groupsOf(places: readonly number[]): { first: number; last: number }[] {
  const groups: { first: number; last: number }[] = [];
  for (const place of places) {
    const group = groups.at(-1);
    if (group && group.last + 1 === place) group.last = place;
    else groups.push({ first: place, last: place });
  }
  return groups;
}
