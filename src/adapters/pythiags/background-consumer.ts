import { within } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { Complaints } from "../complaints.ts";
import type { Found } from "./events.ts";
import { type ConsumerLimits, limitsOf } from "./limits.ts";
import type { Consume } from "./producer.ts";

/** What happened to the events. */
export interface ConsumerCounts {
  /** Frames whose events were consumed. */
  readonly consumed: number;
  /** Frames whose events were dropped because the consumer was too slow. */
  readonly dropped: number;
  /** Frames on whose events the consumer failed. */
  readonly failed: number;
}

const LAST_EVENTS_MS = 2000;

/** Passes events to a slow consumer, one frame after the other and never two at once. */
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

  /** Queues a frame's events without waiting. */
  push(found: Found<E>): void {
    if (this.#stopped) {
      this.#counts.dropped++;
      return;
    }
    if (this.#waiting.length >= this.#limit) this.#drop();
    this.#waiting.push(found);
    this.#working ??= this.#work();
  }

  /** Lets the consumer finish the queue, for at most 2 s. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const late = () => new ThingError("NOT_READY", `${this.#name} did not finish.`);
    await within(this.#working ?? Promise.resolve(), LAST_EVENTS_MS, late).catch(() => {});
    this.#counts.dropped += this.#waiting.length;
    this.#waiting = [];
    this.#current.abort();
  }

  #drop(): void {
    this.#waiting.shift();
    this.#counts.dropped++;
    const why = "it is slower than they arrive. Make it faster, or produce fewer events";
    this.#complaints.add("events_dropped", `${this.#name} loses events: ${why}.`);
  }

  async #work(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate); // frames and viewers first
      const found = this.#waiting.shift();
      if (!found) break;
      await this.#consumeFrame(found);
    }
    this.#working = undefined;
  }

  async #consumeFrame({ events, ...of }: Found<E>): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    const timer = setTimeout(() => {
      current.abort();
      const seconds = this.#patienceMs / 1000;
      this.#complaints.add(
        "consumer_late",
        `${this.#name} has taken more than ${seconds} s for one frame. Further events are queued, and dropped when the queue is full.`,
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
