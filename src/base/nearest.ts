/** A longer word is no slip; and clients may send any. */
const LONGEST = 40; // characters
/** GStreamer has 1500 elements. */
const MOST_COMPARED = 3000;
const MOST_OFF = 3;

/** The end of a sentence about a name that is not there; empty when nothing is near. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const near = nearest(word, [...names]);
  return near === undefined ? "" : ` Did you mean '${near}'?`;
}

/** The name that `word` was probably meant to be: one letter off in a short word, three in a long one, otherwise two. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const near = names
    .filter((name) => Math.abs(name.length - word.length) <= MOST_OFF)
    .slice(0, MOST_COMPARED)
    .map((name) => ({ name, distance: distance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= mostOff(word) ? near.name : undefined;
}

function mostOff({ length }: string): number {
  if (length > 7) return MOST_OFF;
  return length > 3 ? 2 : 1;
}

/** How many letters are added, left out or exchanged (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
