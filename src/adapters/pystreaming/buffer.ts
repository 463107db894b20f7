import { delay, ignoreAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";

/** What has a time: a packet's `ftime` in seconds, or a frame's `capturedAt` in milliseconds, since the Unix epoch. */
export type Timed = { readonly ftime: number } | { readonly capturedAt: number };

/** Frames that may be waited for, or what gives them. */
export type Handler<T> = AsyncIterable<T> | (() => AsyncIterable<T>);

/** A clock that a test can turn. */
export interface Clock {
  /** Seconds. */
  now(): number;
  /** Resolves after so many seconds, or when `signal` aborts. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

/** How frames are put in order. */
export interface BufferOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** Packets that one stream may hold; 1000 unless given. Beyond it the one furthest in the future goes. */
  readonly maxHeld?: number | undefined;
}

const MAX_HELD = 1000;
/** A timer knows no time that is much further away. */
const LONGEST_WAIT_S = 3600;
const CLOCK: Clock = {
  now: () => now() / 1000,
  // Timers count in whole milliseconds and may be a little early.
  wait: (seconds, signal) => delay(Math.ceil(seconds * 1000) + 1, signal).catch(ignoreAbort),
};

/**
 * Puts what comes from several streams in order: each frame comes out `seconds` after the time that it was captured at, seen
 * from the first frame of all, whose clock counts. So frames that have overtaken each other come in order, and streams of one
 * clock stay together. A frame that is later than that is dropped, and counted. Ends with its streams.
 *
 * @param seconds - How late everything comes, from 0.
 * @throws {ThingError} `BAD_ARGUMENT`; and whatever one of the streams throws.
 * @see pystreaming/stream/handlers.py, `buffer`, whose rules these are.
 */
export function buffer<T extends Timed>(
  seconds: number,
  handlers: Readonly<Record<string, Handler<T>>>,
  options: BufferOptions = {},
): ReorderBuffer<T> {
  return new ReorderBuffer(seconds, handlers, options);
}

/** What `buffer` gives: pairs of a stream's name and what came from it, in the order of their times. */
class ReorderBuffer<T extends Timed> implements AsyncIterable<[string, T]> {
  readonly #seconds: number;
  readonly #handlers: Readonly<Record<string, Handler<T>>>;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #maxHeld: number;
  readonly #held = new Map<string, Map<number, T>>();
  readonly #counts = { stale: 0, replaced: 0, overflown: 0 };
  /** How far the clock of the first frame is ahead of ours, seconds. */
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
      const why = `A buffer is so many seconds long, from 0, not ${seconds}.`;
      throw new ThingError("BAD_ARGUMENT", why);
    }
    this.#seconds = seconds;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#signal = signal;
    this.#maxHeld = maxHeld;
  }

  /** Frames that came too late, that another of the same time replaced, and that were one too many. */
  get counts() {
    return { ...this.#counts };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<[string, T], void> {
    const over = new AbortController();
    const onAbort = () => {
      over.abort(this.#signal?.reason);
      this.#wake();
    };
    this.#signal?.addEventListener("abort", onAbort);
    if (this.#signal?.aborted) onAbort();
    for (const [name, handler] of Object.entries(this.#handlers)) {
      void this.#read(name, handler, over.signal);
    }
    try {
      yield* this.#released(over.signal);
    } finally {
      this.#signal?.removeEventListener("abort", onAbort);
      over.abort();
      this.#held.clear();
    }
  }

  async *#released(signal: AbortSignal): AsyncGenerator<[string, T], void> {
    while (!signal.aborted) {
      if (this.#failure) throw this.#failure.reason;
      const next = this.#earliest();
      if (!next && this.#reading === 0) return;
      const left = next ? this.#dueIn(next.time) : Number.POSITIVE_INFINITY;
      // Later than that, not at that moment: as Python has it.
      if (next && left < 0) {
        this.#held.get(next.name)?.delete(next.time);
        yield [next.name, next.packet];
      } else {
        await this.#somethingNew(left);
      }
    }
  }

  /** Until a frame has come, a stream has ended, or some time has passed. */
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
