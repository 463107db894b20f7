/**
 * What becomes of a reader that is slower than what it follows:
 * - `newest`: it is passed over, and is given the newest once it has taken what it was given;
 * - `gap`: it goes on with the oldest that is held, and is told what it missed, as far as its protocol can say so;
 * - `dropped`: it is disconnected with the reason, and can come back for what is held;
 * - `cut`: it takes nothing for so long that nobody may be there, and its connection is closed.
 */
type SlowReaderOutcome = "newest" | "gap" | "dropped" | "cut";

const all: { readonly reader: string; readonly outcome: SlowReaderOutcome; count: number }[] = [];

/**
 * Counts what became of readers that were too slow, for `thingscope_slow_readers_total{reader="...",outcome="..."}` of
 * `/metrics` and the table in `docs/internals/architecture.md`. Declare it once beside the rule. Counts are of the whole process.
 */
export function slowReaders(reader: string, outcome: SlowReaderOutcome): (times?: number) => void {
  const counted = { reader, outcome, count: 0 };
  all.push(counted);
  return (times = 1) => {
    counted.count += times;
  };
}

/** Every kind of slow reader and what has become of them. */
export function slowReaderCounts(): readonly Readonly<(typeof all)[number]>[] {
  return all;
}
