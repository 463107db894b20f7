const counts = new Map<string, number>();

/**
 * Counts how often a bound of `docs/limits.md` was reached, for `thingscope_limit_hits_total{limit="..."}` of `/metrics`.
 * Declare it once beside the bound, at the top of its file: it then stands in `/metrics` as 0 before it is ever reached.
 * Counts are of the whole process.
 *
 * @param name - Fixed words such as `login_body`, never anything that a client sent: each is kept for ever.
 */
export function countedLimit(name: string): { hit(times?: number): void; readonly hits: number } {
  if (!counts.has(name)) counts.set(name, 0);
  return {
    hit: (times = 1) => void counts.set(name, (counts.get(name) ?? 0) + times),
    get hits() {
      return counts.get(name) ?? 0;
    },
  };
}

/** How often each bound was reached, by name. */
export function limitHits(): ReadonlyMap<string, number> {
  return counts;
}
