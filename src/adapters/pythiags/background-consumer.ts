import { within } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { Complaints } from "../complaints.ts";
import type { Found } from "./events.ts";
import { type ConsumerLimits, limitsOf } from "./limits.ts";
import type { Consume } from "./producer.ts";

/** What became of what was found. */
export interface ConsumerCounts {
  /** Frames whose events the consumer took. */
  readonly consumed: number;
  /** Frames whose events it lost: it was slower than they came. */
  readonly dropped: number;
  /** Frames at whose events it failed. */
  readonly failed: number;
}

const LAST_EVENTS_MS = 2000;

/** Hands what was found to a consumer that takes its time: one frame after the other, and never two at once. */
export class BackgroundConsumer<E = unknown> {
  readonly #name: string;
  readonly #consume: Consume<E>;
  readonly #complaints: Complaints;
  readonly #limit: number;
  readonly #patienceMs: number;
  readonly #counts = { consumed: 0, dropped: 0, failed: 0 };
  #waiting: Found<E>[] = [];
  #working: Promise<void> | undefined;
  #stopped = false;
  #current = new AbortController();

  /** @param name - In sentences of the log: "the consumer of 'birds'". */
  constructor(
    name: string,
    consume: Consume<E>,
    complaints: Complaints,
    limits: ConsumerLimits = {},
  ) {
    const { queue, patienceSec } = limitsOf(limits);
    this.#name = name;
    this.#consume = consume;
    this.#complaints = complaints;
    this.#limit = queue;
    this.#patienceMs = patienceSec * 1000;
  }

  get counts(): ConsumerCounts {
    return { ...this.#counts };
  }

  /** Takes what was found without waiting. */
  push(found: Found<E>): void {
    if (this.#stopped) {
      this.#counts.dropped++;
      return;
    }
    if (this.#waiting.length >= this.#limit) this.#drop();
    this.#waiting.push(found);
    this.#working ??= this.#work();
  }

  /** Lets it take what waits, for 2 s at most. Resolves when it has, or will not. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const late = () => new ThingError("NOT_READY", `${this.#name} did not come to its end.`);
    await within(this.#working ?? Promise.resolve(), LAST_EVENTS_MS, late).catch(() => {});
    this.#counts.dropped += this.#waiting.length;
    this.#waiting = [];
    this.#current.abort();
  }

  #drop(): void {
    this.#waiting.shift();
    this.#counts.dropped++;
    const why = "it is slower than they come. Make it quicker, or find less";
    this.#complaints.add("events_dropped", `${this.#name} loses events: ${why}.`);
  }

  async #work(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate); // frames and viewers first
      const found = this.#waiting.shift();
      if (!found) break;
      await this.#give(found);
    }
    this.#working = undefined;
  }

  async #give({ events, ...of }: Found<E>): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    const timer = setTimeout(() => {
      current.abort();
      const seconds = this.#patienceMs / 1000;
      this.#complaints.add(
        "consumer_late",
        `${this.#name} has taken more than ${seconds} s. What comes meanwhile waits, and is lost when the queue is full.`,
      );
    }, this.#patienceMs);
    try {
      await this.#consume(events, { ...of, signal: current.signal });
      this.#counts.consumed++;
    } catch (error) {
      this.#counts.failed++;
      this.#complaints.add("consumer_failed", `${this.#name} failed: ${messageOf(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}
