import { Type } from "typebox";
import type { Log } from "../base/log.ts";

const MINUTE_MS = 60_000;

/** Complaints by kind, as a Thing's property shows them. Each protocol has its own kinds. */
export const ComplaintCounts = Type.Object(
  {},
  { additionalProperties: Type.Integer({ minimum: 0 }) },
);
export type ComplaintCounts = Record<string, number>;

/**
 * Protocol errors of peers, counted by kind. The log gets the first of a kind at once and then at most one line a minute, so
 * that a misbehaving peer cannot fill the disk.
 */
export class Complaints {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { count: number; unlogged: number; loggedAt: number }>();

  /** @param now - A clock in ms. Default: the monotonic one. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** How many there were of each kind. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#kinds].map(([kind, { count }]) => [kind, count]));
  }

  /**
   * Counts one complaint.
   * @param kind - A word or two: `bad_header`.
   * @param sentence - What happened, to whom, and what to do about it.
   */
  add(kind: string, sentence: string): void {
    const known = this.#kinds.get(kind) ?? {
      count: 0,
      unlogged: 0,
      loggedAt: Number.NEGATIVE_INFINITY,
    };
    this.#kinds.set(kind, known);
    known.count++;
    const now = this.#now();
    if (now - known.loggedAt < MINUTE_MS) {
      known.unlogged++;
      return;
    }
    const more =
      known.unlogged > 0 ? ` (${known.unlogged} more like it since the last such line)` : "";
    this.#log.warn(`${sentence}${more}`);
    known.unlogged = 0;
    known.loggedAt = now;
  }
}
