import { RecentPeriod } from "./recent-period.ts";
import { GRACE_MS, LATE_MS, systemTimers, type Timers } from "./timers.ts";

/** How long something may be silent. */
export interface SilenceLimits {
  /** Longest time to the first heartbeat, ms; any when absent. */
  readonly startMs?: number | undefined;
  /** Longest silence after that, ms; any when absent. */
  readonly silenceMs?: number | undefined;
  /** It may be silent for so many of its periods, too, so that what is slow is not taken for silent; 0 unless given. */
  readonly periods?: number | undefined;
}

/** Timers are set for this part of a limit, and for so many ms at least. */
const PARTS = 4;
const SHORTEST_MS = 10;

/**
 * Notices that something which should come again and again does not. It counts what its timers were set for, not the time
 * that has passed: a while in which this process was busy, and could take nothing, is not held against the other side.
 */
export class Heartbeats {
  readonly #startMs: number;
  readonly #silenceMs: number;
  readonly #periods: number;
  readonly #timers: Timers;
  readonly #onSilence: () => void;
  /** How many there were. */
  count = 0;
  #lastAt: number;
  readonly #period = new RecentPeriod();
  /** As much of its silence as is held against it. */
  #countedMs = 0;
  #isStopped = false;
  #endTimer: () => void = () => {};

  /** @param onSilence - Called once, when it has been silent for too long. */
  constructor(limits: SilenceLimits, onSilence: () => void, timers: Timers = systemTimers) {
    this.#startMs = limits.startMs ?? Number.POSITIVE_INFINITY;
    this.#silenceMs = limits.silenceMs ?? Number.POSITIVE_INFINITY;
    this.#periods = limits.periods ?? 0;
    this.#timers = timers;
    this.#onSilence = onSilence;
    this.#lastAt = timers.now();
    this.#watch();
  }

  /** How long it may be silent now, ms. */
  get allowedMs(): number {
    if (this.count === 0) return this.#startMs;
    if (this.#periods === 0) return this.#silenceMs;
    // While there was one only, the period is not known: a second may take as long as the first.
    const { ms } = this.#period;
    const slow = ms === 0 ? this.#startMs : this.#periods * ms;
    return Math.max(this.#silenceMs, slow);
  }

  /** How long it has been silent, ms. */
  get silentMs(): number {
    return this.#timers.now() - this.#lastAt;
  }

  /** It came. */
  beat(): void {
    const at = this.#timers.now();
    if (this.count > 0) this.#period.note(at - this.#lastAt);
    this.count += 1;
    this.#lastAt = at;
    this.#countedMs = 0;
    if (this.count === 1) this.#watch(); // what is allowed is another limit now
  }

  /** From now on silence does not count. */
  pause(): void {
    this.#endTimer();
  }

  /** Silence counts again, from now on. */
  resume(): void {
    this.#lastAt = this.#timers.now();
    this.#countedMs = 0;
    this.#watch();
  }

  /** Nothing counts any more. */
  stop(): void {
    this.#isStopped = true;
    this.#endTimer();
  }

  #watch(): void {
    this.#endTimer();
    const left = this.allowedMs - this.#countedMs;
    if (this.#isStopped || left === Number.POSITIVE_INFINITY) return;
    const part = (this.count === 0 ? this.#startMs : this.#silenceMs) / PARTS; // its period, and so what is allowed, may become less
    this.#lookIn(Math.max(1, Math.min(left, Math.max(SHORTEST_MS, part)))); // no timer is finer
  }

  #lookIn(ms: number, isLastLook = false): void {
    const setAt = this.#timers.now();
    this.#endTimer = this.#timers.after(ms, () => this.#look(ms, setAt, isLastLook), true);
  }

  #look(ms: number, setAt: number, isLastLook: boolean): void {
    const at = this.#timers.now();
    this.#countedMs = Math.min(this.#countedMs + ms, at - this.#lastAt);
    if (this.#countedMs < this.allowedMs) this.#watch();
    else if (!isLastLook && at - setAt - ms > LATE_MS) this.#lookIn(GRACE_MS, true);
    else {
      this.stop();
      this.#onSilence();
    }
  }
}
