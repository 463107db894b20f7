/** What each level of Things below keeps of the time, ms, when one above it hangs. */
const RESERVE_MS = 1500;

/** How Things are closed together. */
interface ClosingTogether<T> {
  readonly things: readonly T[];
  /** Which others one works with: they stay open until it has closed. */
  readonly uses: (thing: T) => readonly T[];
  /** For all of them, ms. */
  readonly withinMs: number;
  /** Closes one, within `limitMs`. It must not reject. */
  readonly close: (thing: T, limitMs: number) => Promise<void>;
}

/**
 * Closes all at the same time, except that one which works with others closes before them. One that hangs takes the
 * time of nobody: those that it works with have some kept for them. Things that work with each other close together.
 */
export async function closeInOrder<T>({
  things,
  uses,
  withinMs,
  close,
}: ClosingTogether<T>): Promise<void> {
  const deadline = performance.now() + withinMs;
  const reached = new Map(things.map((thing) => [thing, reachedFrom(thing, uses)]));
  const isAbove = (one: T, other: T) =>
    reached.get(one)?.has(other) === true && !reached.get(other)?.has(one);
  const levels = new Map<T, number>();
  const levelsBelow = (thing: T): number => {
    const known = levels.get(thing);
    if (known !== undefined) return known;
    const below = things.filter((one) => isAbove(thing, one)).map((one) => 1 + levelsBelow(one));
    const level = Math.max(0, ...below);
    levels.set(thing, level);
    return level;
  };
  const closed = new Map<T, Promise<void>>();
  const closeOne = (thing: T): Promise<void> => {
    const under = closed.get(thing);
    if (under) return under;
    const closing = (async () => {
      await Promise.all(things.filter((one) => isAbove(one, thing)).map(closeOne));
      const left = Math.max(1, deadline - performance.now());
      const below = levelsBelow(thing);
      await close(thing, Math.max(left / (below + 1), left - below * RESERVE_MS));
    })();
    closed.set(thing, closing);
    return closing;
  };
  await Promise.all(things.map(closeOne));
}

/** All that one works with, and what those work with. */
function reachedFrom<T>(thing: T, uses: (thing: T) => readonly T[]): Set<T> {
  const found = new Set<T>();
  const waiting = [...uses(thing)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...uses(next));
  }
  return found;
}
