import { openSync, readSync } from "node:fs";
import { now } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { MetricSample } from "./prometheus-text.ts";

/** How late timers were, ms. */
export interface EventLoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
  /** For so much of `max` other programs had the processor. */
  readonly starved: number;
}

interface Late {
  readonly ms: number;
  readonly starvedMs: number;
}

interface EventLoopOptions {
  readonly log: Log;
  /** What was done between two times, epoch ms, in words: who may have blocked. */
  readonly doneBetween: (from: number, to: number) => readonly string[];
}

interface Block extends Late {
  readonly from: number;
  readonly to: number;
}

/** Each tick wakes the process. Fifty a second would cost a fifth of what one viewer of 30 frames a second does. */
const TICK_MS = 100;
const WINDOW_MS = 10_000;
const LOG_EVERY_MS = 1000;
/** A block this long is logged. */
const BLOCK_MS = 200;
/** Upper bounds of the histogram, s: viewers do not see the first, and miss a frame from the fourth on. */
const BOUNDS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const NO_DELAY: EventLoopDelay = { mean: 0, p99: 0, max: 0, starved: 0 };

/**
 * Watches whether this process gets to its work in time. While JavaScript computes, it neither captures, serves
 * nor records; whoever blocks it that long is to be found in the log.
 */
export class EventLoopWatch {
  /** How often it was blocked. */
  blocks = 0;
  /** All blocks together. */
  blockedMs = 0;
  /** How late each tick was since the start, s. */
  readonly lateness = new Histogram(BOUNDS_S);
  readonly #log: Log;
  readonly #doneBetween: EventLoopOptions["doneBetween"];
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = now();
  #waitedMs = 0;
  #windowAt = now();
  /** How late each tick of this window was. */
  #late: Late[] = [];
  #lastWindow = NO_DELAY;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #unlogged: Block[] = [];

  constructor({ log, doneBetween }: EventLoopOptions) {
    this.#log = log;
    this.#doneBetween = doneBetween;
  }

  /** From now on. What a start takes, before anything is captured or served, is nobody's fault. */
  start(): void {
    this.#tickedAt = now();
    this.#waitedMs = processorWaitMs();
    this.#windowAt = now();
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Over the last 10 to 20 s. */
  get delay(): EventLoopDelay {
    const current = delayOf(this.#late);
    const before = this.#lastWindow;
    return {
      mean: Math.max(current.mean, before.mean),
      p99: Math.max(current.p99, before.p99),
      max: Math.max(current.max, before.max),
      starved: (current.max > before.max ? current : before).starved,
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const [time, waitedMs] = [now(), processorWaitMs()];
    const late = Math.max(0, time - this.#tickedAt - TICK_MS);
    const starvedMs = waitedMs - this.#waitedMs;
    this.#late.push({ ms: late, starvedMs });
    this.lateness.observe(late / 1000);
    if (late >= BLOCK_MS) this.#count({ ms: late, starvedMs, from: this.#tickedAt, to: time });
    if (time - this.#loggedAt >= LOG_EVERY_MS) this.#logBlocks(time);
    this.#tickedAt = time;
    this.#waitedMs = waitedMs;
    if (time - this.#windowAt < WINDOW_MS) return;
    this.#lastWindow = delayOf(this.#late);
    this.#late = [];
    this.#windowAt = time;
  }

  #count(block: Block): void {
    this.blocks += 1;
    this.blockedMs += block.ms;
    this.#unlogged.push(block);
  }

  /** Once a second at most: the longest block, with who may have caused it, and how many more there were. */
  #logBlocks(time: number): void {
    const [longest, ...others] = this.#unlogged.sort((a, b) => b.ms - a.ms);
    if (!longest) return;
    const more = others.length > 0 ? ` ${others.length} shorter blocks occurred as well.` : "";
    const isStarved = byOthers(longest);
    this.#log.warn(`${isStarved ? starvation(longest) : this.#blame(longest)}${more}`, {
      ...(isStarved && { cause: "machine" }),
    });
    this.#loggedAt = time;
    this.#unlogged = [];
  }

  #blame({ ms, from, to }: Block): string {
    const done = this.#doneBetween(from, to).join(", ") || "no request and no action";
    return `The event loop was blocked for ${Math.round(ms)} ms, during which nothing was captured or served. In that time: ${done}. Move long computations to a worker thread.`;
  }
}

/** Whether it was late because other programs had the processor, not by anything that it computed. */
export function byOthers({ ms, starvedMs }: Late): boolean {
  return ms - starvedMs < BLOCK_MS;
}

/** How often a quantity was up to each of some bounds, as Prometheus' histograms have it. */
class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds - Rising; what is above the last is counted as infinite. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const place = this.#bounds.findIndex((bound) => value <= bound);
    const at = place < 0 ? this.#bounds.length : place;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#sum += value;
  }

  get samples(): MetricSample[] {
    let count = 0;
    const buckets = this.#counts.map((more, n) => {
      count += more;
      const le = String(this.#bounds[n] ?? "+Inf");
      return { suffix: "_bucket", labels: { le }, value: count };
    });
    return [...buckets, { suffix: "_sum", value: this.#sum }, { suffix: "_count", value: count }];
  }
}

function starvation({ ms, starvedMs }: Block): string {
  return `The event loop was late by ${Math.round(ms)} ms, during which nothing was captured or served: for ${Math.round(starvedMs)} ms of this, other programs had the processor. Stop them, or give this server a processor of its own.`;
}

function delayOf(late: readonly Late[]): EventLoopDelay {
  if (late.length === 0) return NO_DELAY;
  const sorted = [...late].sort((a, b) => a.ms - b.ms);
  const mean = sorted.reduce((sum, { ms }) => sum + ms, 0) / sorted.length;
  const longest = sorted.at(-1)!;
  const p99 = sorted[Math.floor(0.99 * sorted.length)]?.ms ?? 0;
  return { mean, p99, max: longest.ms, starved: Math.min(longest.ms, longest.starvedMs) };
}

const WAITED = openSchedstat();
const line = Buffer.alloc(128);

/**
 * How long this thread has waited for a processor that others had since it began, ms: growing, and 0 where the system does not
 * tell (any other than Linux).
 * @see Linux, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
 */
export function processorWaitMs(): number {
  if (WAITED === undefined) return 0;
  try {
    const length = readSync(WAITED, line, 0, line.length, 0);
    return Number(line.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  } catch {
    return 0; // a timer asks, and nobody would catch it there
  }
}

/** Kept open: it is read ten times a second, and to open it costs four times as much. */
function openSchedstat(): number | undefined {
  try {
    return openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return undefined;
  }
}
