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

/** A timer that is later than this was kept waiting by this process, ms. */
export const LATE_MS = 20;
/** Then what has arrived in the meantime is read first, ms: once, since a machine may be busy for ever. */
export const GRACE_MS = 50;

/**
 * Calls `callback` once, `ms` from now, when what had arrived by then has been read. A process that was blocked serves its
 * timers first, so that a plain one ends what its data was on its way to.
 * @returns How to take that back.
 */
export function afterReading(
  ms: number,
  callback: () => void,
  timers: Timers = systemTimers,
): () => void {
  const setAt = timers.now();
  let cancel = timers.after(ms, () => {
    if (timers.now() - setAt - ms > LATE_MS) cancel = timers.after(GRACE_MS, callback);
    else callback();
  });
  return () => cancel();
}

/** Browsers, which end when they like, have numbers for timers. */
function unref(timer: unknown): void {
  if (typeof timer !== "object" || timer === null || !("unref" in timer)) return;
  if (typeof timer.unref === "function") timer.unref();
}
