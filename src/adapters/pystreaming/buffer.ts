import { delay, ignoreAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";

/** An item with a time: a packet's `ftime` in seconds, or a frame's `capturedAt` in milliseconds, since the Unix epoch. */
export type Timed = { readonly ftime: number } | { readonly capturedAt: number };

/** A source of frames, or a function that creates one. */
export type Handler<T> = AsyncIterable<T> | (() => AsyncIterable<T>);

/** A clock that tests can replace. */
export interface Clock {
  /** Seconds. */
  now(): number;
  /** Resolves after `seconds`, or when `signal` aborts. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

/** Options of `buffer`. */
export interface BufferOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** Largest number of buffered packets of one stream. Default 1000; beyond it the latest is dropped. */
  readonly maxHeld?: number | undefined;
}

const MAX_HELD = 1000;
/** Timers cannot wait much longer. */
const LONGEST_WAIT_S = 3600;
const CLOCK: Clock = {
  now: () => now() / 1000,
  // Timers have millisecond resolution and may fire slightly early.
  wait: (seconds, signal) => delay(Math.ceil(seconds * 1000) + 1, signal).catch(ignoreAbort),
};

/**
 * Merges several streams in order of time: each frame is released `seconds` after its capture time, relative to the clock of
 * the first frame received. Frames that have overtaken each other are reordered, and streams of one clock stay in step. A
 * later frame is dropped and counted. Ends with its streams.
 *
 * @param seconds - The delay, from 0.
 * @throws {ThingError} `BAD_ARGUMENT`; and whatever one of the streams throws.
 * @see pystreaming/stream/handlers.py, `buffer`, for these rules.
 */
export function buffer<T extends Timed>(
  seconds: number,
  handlers: Readonly<Record<string, Handler<T>>>,
  options: BufferOptions = {},
): ReorderBuffer<T> {
  return new ReorderBuffer(seconds, handlers, options);
}

/** Yields pairs of a stream's name and a frame, in order of time. */
class ReorderBuffer<T extends Timed> implements AsyncIterable<[string, T]> {
  readonly #seconds: number;
  readonly #handlers: Readonly<Record<string, Handler<T>>>;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #maxHeld: number;
  readonly #held = new Map<string, Map<number, T>>();
  readonly #counts = { stale: 0, replaced: 0, overflown: 0 };
  /** How far the first frame's clock is ahead of ours, seconds. */
  #ahead: number | undefined;
  #reading = 0;
  #failure: { readonly reason: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(
    seconds: number,
    handlers: Readonly<Record<string, Handler<T>>>,
    { signal, clock = CLOCK, maxHeld = MAX_HELD }: BufferOptions,
  ) {
    if (!Number.isFinite(seconds) || seconds < 0) {
      const why = `The buffer's length must be a number of seconds from 0, not ${seconds}.`;
      throw new ThingError("BAD_ARGUMENT", why);
    }
    this.#seconds = seconds;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#signal = signal;
    this.#maxHeld = maxHeld;
  }

  /** Frames dropped because they were late, replaced by one of the same time, or exceeded `maxHeld`. */
  get counts() {
    return { ...this.#counts };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<[string, T], void> {
    const ended = new AbortController();
    const onAbort = () => {
      ended.abort(this.#signal?.reason);
      this.#wake();
    };
    this.#signal?.addEventListener("abort", onAbort);
    if (this.#signal?.aborted) onAbort();
    for (const [name, handler] of Object.entries(this.#handlers)) {
      void this.#read(name, handler, ended.signal);
    }
    try {
      yield* this.#released(ended.signal);
    } finally {
      this.#signal?.removeEventListener("abort", onAbort);
      ended.abort();
      this.#held.clear();
    }
  }

  async *#released(signal: AbortSignal): AsyncGenerator<[string, T], void> {
    while (!signal.aborted) {
      if (this.#failure) throw this.#failure.reason;
      const next = this.#earliest();
      if (!next && this.#reading === 0) return;
      const left = next ? this.#dueIn(next.time) : Number.POSITIVE_INFINITY;
      // Strictly later, as in Python.
      if (next && left < 0) {
        this.#held.get(next.name)?.delete(next.time);
        yield [next.name, next.packet];
      } else {
        await this.#somethingNew(left);
      }
    }
  }

  /** Resolves when a frame has arrived, a stream has ended, or the time has passed. */
  async #somethingNew(seconds: number): Promise<void> {
    const waiting = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    try {
      const time = Math.min(Math.max(0, seconds), LONGEST_WAIT_S);
      if (!Number.isFinite(seconds)) await woken;
      else await Promise.race([woken, this.#clock.wait(time, waiting.signal)]);
    } finally {
      waiting.abort();
    }
  }

  async #read(name: string, handler: Handler<T>, signal: AbortSignal): Promise<void> {
    const iterator = (typeof handler === "function" ? handler() : handler)[Symbol.asyncIterator]();
    const stop = () => void iterator.return?.()?.then(undefined, () => {});
    signal.addEventListener("abort", stop, { once: true });
    this.#reading++;
    try {
      while (!signal.aborted) {
        const { done, value } = await iterator.next();
        if (done) return;
        this.#take(name, value);
        this.#wake();
      }
    } catch (reason) {
      this.#failure = { reason };
    } finally {
      signal.removeEventListener("abort", stop);
      this.#reading--;
      this.#wake();
    }
  }

  #take(name: string, packet: T): void {
    const time = "ftime" in packet ? packet.ftime : packet.capturedAt / 1000;
    this.#ahead ??= time - this.#clock.now();
    if (!(this.#dueIn(time) >= 0)) {
      this.#counts.stale++;
      return;
    }
    const held = this.#held.get(name) ?? new Map<number, T>();
    this.#held.set(name, held);
    if (held.has(time)) this.#counts.replaced++;
    held.set(time, packet);
    if (held.size <= this.#maxHeld) return;
    held.delete(Math.max(...held.keys()));
    this.#counts.overflown++;
  }

  /** Seconds until a frame of that time is released. */
  #dueIn(time: number): number {
    return time - (this.#clock.now() + (this.#ahead ?? 0) - this.#seconds);
  }

  #earliest(): { name: string; time: number; packet: T } | undefined {
    let earliest: { name: string; time: number; packet: T } | undefined;
    for (const [name, packets] of this.#held) {
      for (const [time, packet] of packets) {
        if (!earliest || time < earliest.time) earliest = { name, time, packet };
      }
    }
    return earliest;
  }
}
