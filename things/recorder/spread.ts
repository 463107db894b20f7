/** How far apart the frames of a set were captured, ms. */
export interface Spread {
  /** Sets of frames that were compared: one for each frame of the recording with the fewest. */
  readonly sets: number;
  readonly medianMs: number;
  /** 95 of 100 sets are no further apart. */
  readonly p95Ms: number;
  readonly worstMs: number;
}

/**
 * Of each frame of the recording with the fewest frames, and the nearest frame of each other: how far the earliest and the latest are
 * apart. Only the time counts that all have frames of.
 * @param recordings - Capture times on one clock, ms, in order, of each recording.
 * @returns undefined when fewer than two have frames at the same time.
 */
export function spreadOf(recordings: readonly Float64Array[]): Spread | undefined {
  const all = recordings.filter(({ length }) => length > 0);
  if (all.length < 2) return undefined;
  const from = Math.max(...all.map((times) => times[0]!));
  const until = Math.min(...all.map((times) => times.at(-1)!));
  const fewest = all.reduce((a, b) => (b.length < a.length ? b : a));
  const others = all.filter((times) => times !== fewest).map(nearestIn);
  const spreads: number[] = [];
  for (const time of fewest) {
    if (time < from || time > until) continue;
    const set = [time, ...others.map((nearest) => nearest(time))];
    spreads.push(Math.max(...set) - Math.min(...set));
  }
  if (spreads.length === 0) return undefined;
  spreads.sort((a, b) => a - b);
  const at = (part: number) => rounded(spreads[Math.ceil(part * spreads.length) - 1]!);
  return { sets: spreads.length, medianMs: at(0.5), p95Ms: at(0.95), worstMs: at(1) };
}

/** The nearest of some times to others, which are asked for in order. */
function nearestIn(times: Float64Array): (time: number) => number {
  let n = 0;
  return (time) => {
    while (n + 1 < times.length && Math.abs(times[n + 1]! - time) <= Math.abs(times[n]! - time))
      n++;
    return times[n]!;
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
