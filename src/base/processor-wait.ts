import { openSync, readSync } from "node:fs";

const WAITED = openSchedstat();
const line = Buffer.alloc(128);

/**
 * How long this thread has waited for a processor that others had since it began, ms: growing, and 0 where the system does not
 * tell (any other than Linux).
 * @see Linux, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
 */
export function processorWaitMs(): number {
  if (WAITED === undefined) return 0;
  const length = readSync(WAITED, line, 0, line.length, 0);
  return Number(line.toString("latin1", 0, length).split(" ")[1]) / 1e6;
}

/** Kept open: it is read ten times a second, and to open it costs four times as much. */
function openSchedstat(): number | undefined {
  try {
    return openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return undefined;
  }
}
