/** How long the pauses between attempts are. */
export interface Pauses {
  /** After a first failure, ms; it doubles while failures follow one another. */
  readonly firstMs: number;
  /** No pause is longer, ms. */
  readonly longestMs: number;
  /** Which part of a pause is left to chance, 0 to 1, so that many do not come back in one moment; 0 unless given. */
  readonly jitter?: number;
}

/** The pause after so many failures in a row, ms. */
export function pauseAfter(failures: number, pauses: Pauses, random = Math.random): number {
  const { firstMs, longestMs, jitter = 0 } = pauses;
  const ms = Math.min(firstMs * 2 ** Math.min(failures - 1, 50), Math.max(firstMs, longestMs));
  return ms * (1 - jitter * random());
}
