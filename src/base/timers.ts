import { now } from "./clock.ts";

/** Where something that waits takes its time from, so that a test can hand in another. */
export interface Timers {
  /** ms; it never steps. */
  now(): number;
  /**
   * Calls `callback` once, `ms` from now.
   * @param isBackground - Nothing but this timer is no reason for the process to go on.
   * @returns How to take that back.
   */
  after(ms: number, callback: () => void, isBackground?: boolean): () => void;
}

const LONGEST_MS = 2 ** 31 - 1; // a longer one would be over at once

/** Those of the machine. */
export const systemTimers: Timers = {
  now,
  after(ms, callback, isBackground = false) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_MS));
    if (isBackground) unref(timer);
    return () => clearTimeout(timer);
  },
};

/** Browsers, which end when they like, have numbers for timers. */
function unref(timer: unknown): void {
  if (typeof timer !== "object" || timer === null || !("unref" in timer)) return;
  if (typeof timer.unref === "function") timer.unref();
}
