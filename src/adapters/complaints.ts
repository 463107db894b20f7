import { Type } from "typebox";
import type { Log } from "../base/log.ts";

const MINUTE_MS = 60_000;

/** Complaints by kind, as a property of a Thing has them. Which kinds there are is the wire's own matter. */
export const ComplaintCounts = Type.Object(
  {},
  { additionalProperties: Type.Integer({ minimum: 0 }) },
);
export type ComplaintCounts = Record<string, number>;

/**
 * What peers of a wire do wrong. Each is counted by its kind; the log has the first of a kind at once, and one line
 * a minute while more of it come, so that nobody fills a disk by misbehaving.
 */
export class Complaints {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { count: number; unsaid: number; saidAt: number }>();

  /** @param now - A clock in ms; the monotonic one when absent. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** How many there were of each kind. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#kinds].map(([kind, { count }]) => [kind, count]));
  }

  /**
   * Counts one.
   * @param kind - A word or two: `bad_header`.
   * @param sentence - What happened, to whom, and what to do about it.
   */
  add(kind: string, sentence: string): void {
    const known = this.#kinds.get(kind) ?? {
      count: 0,
      unsaid: 0,
      saidAt: Number.NEGATIVE_INFINITY,
    };
    this.#kinds.set(kind, known);
    known.count++;
    const now = this.#now();
    if (now - known.saidAt < MINUTE_MS) {
      known.unsaid++;
      return;
    }
    const more = known.unsaid > 0 ? ` (${known.unsaid} more like it since the last such line)` : "";
    this.#log.warn(`${sentence}${more}`);
    known.unsaid = 0;
    known.saidAt = now;
  }
}
