import { readFileSync } from "node:fs";

/**
 * How long this thread has waited for a processor that others had since it began, ms: growing, and 0 where the system does not
 * tell (any other than Linux).
 * @see Linux, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
 */
export function processorWaitMs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
