/** What the server said of one part of a value. */
export interface Refusal {
  /** The way to that part: `["points", 2, "x"]`; empty for the whole. */
  readonly loc: readonly (string | number)[];
  readonly sentence: string;
}

/** Those of one member, or item, of the value. */
export function refusalsBelow(
  refusals: readonly Refusal[],
  part: string | number,
): readonly Refusal[] {
  const below = refusals.filter(({ loc }) => String(loc[0]) === String(part) && loc.length > 0);
  return below.map(({ loc, sentence }) => ({ loc: loc.slice(1), sentence }));
}

/** In one text; undefined where nothing was said. */
export function refusalOf(refusals: readonly Refusal[]): string | undefined {
  return refusals.length > 0 ? refusals.map(({ sentence }) => sentence).join(" ") : undefined;
}
