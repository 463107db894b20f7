import type { Pauses } from "../base/pauses.ts";

/**
 * Between attempts to connect again: 0.25 s at first, twice as long each time, 5 s at most. A fifth is left to chance, so that the
 * clients of a server that was started again do not all come in one moment.
 */
export const RECONNECT_PAUSES: Pauses = { firstMs: 250, longestMs: 5000, jitter: 0.2 };
