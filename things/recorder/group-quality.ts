import type { HeldMember, MemberSummary } from "./group-recorder.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Frames of a recording that are compared with those of the others: its first. */
const MOST_FRAMES = 200_000;

/** How well the recordings of a group agree in time. */
export interface Quality extends Spread {
  /** How many were compared. */
  readonly recordings: number;
  /** How far off that may be, since clocks of different machines are compared. */
  readonly uncertaintyMs: number;
}

/** How a member's recording went, and the clock by which its frames are stamped. */
export interface Ended {
  readonly member: HeldMember;
  readonly summary: MemberSummary;
}

/**
 * How far apart the frames of a set were captured, by the ledgers and the clocks of the machines. One whose times cannot be read
 * does not count.
 * @param onUnread - Told why.
 * @returns undefined where there are not two to compare.
 */
export async function qualityOf(
  all: readonly Ended[],
  onUnread: (error: unknown, member: HeldMember) => void,
): Promise<Quality | undefined> {
  const read = await Promise.all(
    all.map((one) =>
      fleetTimes(one).catch((error) => {
        onUnread(error, one.member);
        return new Float64Array();
      }),
    ),
  );
  const spread = spreadOf(read);
  if (!spread) return undefined;
  const compared = all.filter((_, n) => read[n]!.length > 0).map(({ member }) => member);
  return { recordings: compared.length, ...spread, uncertaintyMs: uncertaintyOf(compared) };
}

/** Recordings of one machine are compared without any; of two machines both count. */
function uncertaintyOf(members: readonly HeldMember[]): number {
  const worst = new Map<string, number>();
  for (const { machine, clock } of members)
    worst.set(machine, Math.max(worst.get(machine) ?? 0, clock?.uncertaintyMs ?? 0));
  if (worst.size < 2) return 0;
  const [first = 0, second = 0] = [...worst.values()].sort((a, b) => b - a);
  return Math.round((first + second) * 1000) / 1000;
}

/** Capture times of a recording on the clock of the fleet; on its own machine's where there is none. */
async function fleetTimes({ member, summary }: Ended): Promise<Float64Array> {
  const { files, driftMs = 0 } = summary;
  const times: number[] = [];
  for (const file of files) {
    const began = times.length;
    for (let hasMore = true; hasMore && times.length < MOST_FRAMES; ) {
      const page = await member.times(file, times.length - began);
      const clock = page.clock ?? member.clock;
      if (clock?.reference !== member.clock?.reference) return comparable(times);
      const offset = clock?.offsetMs ?? 0;
      for (const time of page.times) times.push(time - offset);
      hasMore = page.hasMore && page.times.length > 0;
    }
  }
  if (files.length === 1) straighten(times, driftMs); // each file begins with an offset of its own
  return comparable(times);
}

/** A later file may have been compared with the clock of another member: its times are others. */
function comparable(times: readonly number[]): Float64Array {
  return Float64Array.from(times.slice(0, MOST_FRAMES));
}

/** Takes out what a clock went away meanwhile, as if it had done so evenly. */
function straighten(times: number[], driftMs: number): void {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  if (last === first) return;
  for (const [n, time] of times.entries())
    times[n] = time - (driftMs * (time - first)) / (last - first);
}
