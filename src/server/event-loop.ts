import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { now } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** How late timers were, ms. */
export interface EventLoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

export interface EventLoopOptions {
  readonly log: Log;
  /** What was done between two times, epoch ms, in words: who may have blocked. */
  readonly doneBetween: (from: number, to: number) => readonly string[];
  /** A block this long is logged. */
  readonly blockMs?: number;
}

interface Block {
  readonly ms: number;
  readonly from: number;
  readonly to: number;
}

const TICK_MS = 100;
const RESOLUTION_MS = 20;
const WINDOW_MS = 10_000;
const LOG_EVERY_MS = 1000;
const NO_DELAY: EventLoopDelay = { mean: 0, p99: 0, max: 0 };

/**
 * Watches whether this process gets to its work in time. While JavaScript computes, it neither captures, serves
 * nor records; whoever blocks it that long is to be found in the log.
 */
export class EventLoopWatch {
  /** How often it was blocked. */
  blocks = 0;
  /** All blocks together. */
  blockedMs = 0;
  readonly #log: Log;
  readonly #doneBetween: EventLoopOptions["doneBetween"];
  readonly #blockMs: number;
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #tickedAt = now();
  #windowAt = now();
  #lastWindow = NO_DELAY;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #unlogged: Block[] = [];

  constructor({ log, doneBetween, blockMs = 200 }: EventLoopOptions) {
    this.#log = log;
    this.#doneBetween = doneBetween;
    this.#blockMs = blockMs;
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Over the last 10 to 20 s. */
  get delay(): EventLoopDelay {
    const current = this.#window();
    const before = this.#lastWindow;
    return {
      mean: Math.max(current.mean, before.mean),
      p99: Math.max(current.p99, before.p99),
      max: Math.max(current.max, before.max),
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #tick(): void {
    const time = now();
    const late = time - this.#tickedAt - TICK_MS;
    if (late >= this.#blockMs) this.#count({ ms: late, from: this.#tickedAt, to: time });
    if (time - this.#loggedAt >= LOG_EVERY_MS) this.#logBlocks(time);
    this.#tickedAt = time;
    if (time - this.#windowAt < WINDOW_MS) return;
    this.#lastWindow = this.#window();
    this.#histogram.reset();
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
    const done = this.#doneBetween(longest.from, longest.to).join(", ");
    const more = others.length > 0 ? ` ${others.length} shorter blocks came with it.` : "";
    this.#log.warn(
      `The event loop was blocked for ${Math.round(longest.ms)} ms, in which nothing was captured or served. In that time: ${done || "nothing that the server was asked for"}.${more} Long computations belong into a worker thread.`,
    );
    this.#loggedAt = time;
    this.#unlogged = [];
  }

  /** The histogram holds times between ticks; what is beyond the resolution is delay. */
  #window(): EventLoopDelay {
    const { mean, max } = this.#histogram;
    return { mean: delayIn(mean), p99: delayIn(this.#histogram.percentile(99)), max: delayIn(max) };
  }
}

/** @param ns - NaN, or a meaningless minimum, while nothing has been measured. */
function delayIn(ns: number): number {
  return Number.isFinite(ns) ? Math.max(0, ns / 1e6 - RESOLUTION_MS) : 0;
}
