import { readdirSync, readFileSync } from "node:fs";
import { processorWaitMs } from "../src/server/monitoring/event-loop.ts";

/**
 * Milliseconds that something takes of this thread, without those in which it stood in line for a processor: what it would
 * have taken on a machine that does nothing else. So a promise about time can be asserted on a busy one.
 */
export class Elapsed {
  readonly #pids: readonly number[];
  readonly #from = performance.now();
  readonly #waitedFrom: number;
  /** What the processes were seen to have waited, by process: kept, as one that has ended cannot be asked. */
  readonly #waited = new Map<number, { from: number; last: number }>();
  readonly #looking: NodeJS.Timeout | undefined;

  /** @param pids - Other processes that it waits for: what the slowest of each one's threads waited does not count either. */
  constructor(...pids: readonly number[]) {
    this.#pids = pids;
    this.#waitedFrom = processorWaitMs();
    this.#look();
    if (pids.length > 0) this.#looking = setInterval(() => this.#look(), 20).unref();
  }

  /** Since it was made. */
  get ms(): number {
    this.#look();
    clearInterval(this.#looking);
    const waits = [...this.#waited.values()].map(({ from, last }) => last - from);
    const waited = waits.reduce((sum, ms) => sum + ms, processorWaitMs() - this.#waitedFrom);
    return Math.max(0, performance.now() - this.#from - waited);
  }

  #look(): void {
    for (const pid of this.#pids) {
      const last = waitOf(pid);
      if (last === undefined) continue;
      const from = this.#waited.get(pid)?.from ?? last;
      this.#waited.set(pid, { from, last });
    }
  }
}

/** What this thread has had of the processor, ms. */
export function cpuMs(): number {
  return column("/proc/thread-self/schedstat", 0) ?? performance.now();
}

/** What this process has waited for a processor, ms: its main thread, and that of the others which waited longest, since one works for the other. */
export function waitedMs(): number {
  const [main = 0, ...others] = threadWaits(process.pid) ?? [];
  return main + Math.max(0, ...others);
}

function waitOf(pid: number): number | undefined {
  const waits = threadWaits(pid);
  return waits && Math.max(...waits);
}

/** What each thread of a process has waited, ms; the main one first. */
function threadWaits(pid: number): number[] | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    threads.sort((a, b) => Number(b === pid) - Number(a === pid));
    return threads.map((id) => column(`/proc/${pid}/task/${id}/schedstat`, 1) ?? 0);
  } catch {
    return undefined; // it has ended
  }
}

/** Of what the kernel tells of a thread: [0] ran, [1] waited for a processor, ns there and ms here. */
function column(path: string, index: 0 | 1): number | undefined {
  try {
    return Number(readFileSync(path, "utf8").split(" ")[index]) / 1e6;
  } catch {
    return undefined; // no such file: another system than Linux, which then measures by the clock
  }
}
