import { now } from "../base/clock.ts";
import { countedLimit } from "../base/limit-hits.ts";
import type { InvocationRecord } from "./invocation.ts";

/** How many finished invocations are kept, and how much of them. */
export interface FinishedLimits {
  /** Inputs, outputs and logs together, bytes: 32 MiB. */
  readonly maxFinishedBytes?: number | undefined;
}

const FINISHED_KEPT = 1000;
/** Larger inputs give way first: nobody needs them for what is to be done next. */
const LARGE_INPUT_BYTES = 16 * 1024;
const SWEEP_MS = 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const forgotten = countedLimit("finished_invocations");
const inputsDropped = countedLimit("finished_inputs");

/** What one Thing has kept, the first that ended first, with the time at which each is forgotten, epoch ms. */
interface Kept {
  readonly records: Map<InvocationRecord, number>;
  bytes: number;
}

/**
 * Invocations that have ended, for a time. Beyond their number or bytes, large inputs go first, and then the oldest of the
 * Thing that has most: nobody's use takes the place of another's.
 */
export class FinishedInvocations {
  readonly #maxBytes: number;
  readonly #forget: (record: InvocationRecord) => void;
  readonly #byThing = new Map<string, Kept>();
  #count = 0;
  #bytes = 0;
  #sweep: NodeJS.Timeout | undefined;
  #sweepsAt = Number.POSITIVE_INFINITY;

  /** @param forget - Called with each that is not kept any more. */
  constructor(
    forget: (record: InvocationRecord) => void,
    { maxFinishedBytes = 32 * 2 ** 20 }: FinishedLimits = {},
  ) {
    this.#forget = forget;
    this.#maxBytes = maxFinishedBytes;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  keep(record: InvocationRecord, retentionSeconds: number): void {
    const kept = this.#byThing.get(record.thing) ?? { records: new Map(), bytes: 0 };
    this.#byThing.set(record.thing, kept);
    const at = now() + retentionSeconds * 1000;
    kept.records.set(record, at);
    this.#count += 1;
    this.#addBytes(kept, record.keptBytes);
    if (at < this.#sweepsAt) this.#sweepAt(at);
    while (this.#count > FINISHED_KEPT) this.#forgetOldestOf(this.#largest(byCount));
    while (this.#bytes > this.#maxBytes && this.#count > 0) this.#makeRoom(this.#largest(byBytes));
  }

  clear(): void {
    clearTimeout(this.#sweep);
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    this.#byThing.clear();
    this.#count = 0;
    this.#bytes = 0;
  }

  #largest(measure: (kept: Kept) => number): Kept {
    const all = [...this.#byThing.values()];
    return all.reduce((most, kept) => (measure(kept) > measure(most) ? kept : most));
  }

  #makeRoom(kept: Kept): void {
    for (const record of kept.records.keys()) {
      if (record.inputBytes <= LARGE_INPUT_BYTES) continue;
      const before = record.keptBytes;
      record.dropInput();
      inputsDropped.hit();
      this.#addBytes(kept, record.keptBytes - before);
      return;
    }
    this.#forgetOldestOf(kept);
  }

  #forgetOldestOf(kept: Kept): void {
    const [oldest] = kept.records.keys();
    if (!oldest) return;
    forgotten.hit();
    this.#remove(kept, oldest);
  }

  #remove(kept: Kept, record: InvocationRecord): void {
    kept.records.delete(record);
    this.#count -= 1;
    this.#addBytes(kept, -record.keptBytes);
    if (kept.records.size === 0) this.#byThing.delete(record.thing);
    this.#forget(record);
  }

  #addBytes(kept: Kept, bytes: number): void {
    kept.bytes += bytes;
    this.#bytes += bytes;
  }

  /** One timer for all: one for each of a thousand would cost more than the actions. */
  #sweepAt(at: number): void {
    clearTimeout(this.#sweep);
    this.#sweepsAt = at;
    const ms = Math.min(Math.max(0, at - now()), LONGEST_TIMER_MS);
    this.#sweep = setTimeout(() => this.#forgetExpired(), ms).unref();
  }

  #forgetExpired(): void {
    const time = now();
    let next = Number.POSITIVE_INFINITY;
    for (const kept of [...this.#byThing.values()]) {
      for (const [record, at] of [...kept.records]) {
        if (at <= time) this.#remove(kept, record);
        else next = Math.min(next, at);
      }
    }
    this.#sweepsAt = Number.POSITIVE_INFINITY;
    if (next < Number.POSITIVE_INFINITY) this.#sweepAt(Math.max(next, time + SWEEP_MS));
  }
}

const byCount = ({ records }: Kept) => records.size;
const byBytes = ({ bytes }: Kept) => bytes;
