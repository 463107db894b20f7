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
  /** Once its period is known, a silence of this time and of `periods` periods is a stall before it is too long, ms; never unless given. */
  readonly stallMs?: number | undefined;
}

/** A silence that may end by itself: until `allowedMs` it is only told. */
export interface Stall {
  readonly silentMs: number;
  readonly allowedMs: number;
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
  readonly #stallMs: number;
  readonly #onStall: (stall: Stall | undefined) => void;
  /** How many there were. */
  count = 0;
  /** It has been silent for long enough to be told, and has not come again. */
  isStalled = false;
  #lastAt: number;
  readonly #period: RecentPeriod;
  /** As much of its silence as is held against it. */
  #countedMs = 0;
  #isStopped = false;
  #endTimer: () => void = () => {};

  /**
   * @param onSilence - Called once, when it has been silent for too long.
   * @param onStall - Called with each stall, and without one when it has come again.
   */
  constructor(
    limits: SilenceLimits,
    onSilence: () => void,
    timers: Timers = systemTimers,
    onStall: (stall: Stall | undefined) => void = () => {},
  ) {
    this.#startMs = limits.startMs ?? Number.POSITIVE_INFINITY;
    this.#silenceMs = limits.silenceMs ?? Number.POSITIVE_INFINITY;
    this.#periods = limits.periods ?? 0;
    this.#stallMs = limits.stallMs ?? Number.POSITIVE_INFINITY;
    // Counted as one beat, bursts of a faster source make its period no longer than what it may be silent for anyway.
    const least = Math.min(this.#silenceMs, this.#stallMs);
    const isSlowAllowed = this.#periods > 0 && Number.isFinite(least);
    this.#period = new RecentPeriod(isSlowAllowed ? least / (2 * this.#periods) : 0);
    this.#timers = timers;
    this.#onSilence = onSilence;
    this.#onStall = onStall;
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

  /** After which silence something is to be done now, ms: it is told, or it is too long. */
  get #nextMs(): number {
    const { ms } = this.#period;
    if (this.isStalled || ms === 0) return this.allowedMs;
    return Math.min(this.allowedMs, Math.max(this.#stallMs, this.#periods * ms));
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
    const wasStalled = this.isStalled;
    if (wasStalled) this.#tell(undefined);
    if (this.count === 1 || wasStalled) this.#watch(); // what is allowed is another limit now
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
    const left = this.#nextMs - this.#countedMs;
    if (this.#isStopped || left === Number.POSITIVE_INFINITY) return;
    const least = this.isStalled ? this.#silenceMs : Math.min(this.#silenceMs, this.#stallMs);
    const part = (this.count === 0 ? this.#startMs : least) / PARTS; // its period, and so what is allowed, may become less
    this.#lookIn(Math.max(1, Math.min(left, Math.max(SHORTEST_MS, part)))); // no timer is finer
  }

  #lookIn(ms: number, isLastLook = false): void {
    const setAt = this.#timers.now();
    this.#endTimer = this.#timers.after(ms, () => this.#look(ms, setAt, isLastLook), true);
  }

  #look(ms: number, setAt: number, isLastLook: boolean): void {
    const at = this.#timers.now();
    this.#countedMs = Math.min(this.#countedMs + ms, at - this.#lastAt);
    const { silentMs, allowedMs } = this;
    if (this.#countedMs < this.#nextMs) this.#watch();
    else if (!isLastLook && at - setAt - ms > LATE_MS) this.#lookIn(GRACE_MS, true);
    else if (this.#countedMs < allowedMs) {
      this.#tell({ silentMs, allowedMs });
      this.#watch();
    } else {
      this.stop();
      this.#onSilence();
    }
  }

  #tell(stall: Stall | undefined): void {
    this.isStalled = stall !== undefined;
    this.#onStall(stall);
  }
}
