const SHORTEST_STALL_MS = 1000;
const PERIODS = 5;
const INTERVALS_KEPT = 8;
const GRACE_MS = 50; // after our own event loop was held up: what has come in the meantime is read first

interface WatchdogOptions {
  /** Longest time until the first beat, ms. */
  readonly startMs: number;
  /** Longest silence after that, ms; without it 5 times the longest recent interval, and 1 s at least. */
  readonly stallMs?: number | undefined;
  /** Called once. */
  readonly onSilent: () => void;
}

/** Notices that something which should come again and again has stopped coming. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #intervals: number[] = [];
  #lastBeat = performance.now();
  #beats = 0;
  #timer: NodeJS.Timeout;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#check(), SHORTEST_STALL_MS / 2);
  }

  /** It came. */
  beat(): void {
    const at = performance.now();
    if (this.#beats > 0) this.#intervals.push(at - this.#lastBeat);
    if (this.#intervals.length > INTERVALS_KEPT) this.#intervals.shift();
    this.#lastBeat = at;
    this.#beats++;
  }

  /** How long it may be silent now, ms. */
  get allowedMs(): number {
    const { startMs, stallMs } = this.#options;
    if (this.#beats === 0) return startMs;
    if (this.#intervals.length === 0) return stallMs ?? startMs; // its period is not known yet
    return stallMs ?? Math.max(SHORTEST_STALL_MS, PERIODS * Math.max(...this.#intervals));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(graceGiven = false): void {
    const silent = performance.now() - this.#lastBeat;
    const left = this.allowedMs - silent;
    if (left > 0) {
      this.#timer = setTimeout(() => this.#check(), Math.min(left, SHORTEST_STALL_MS / 2));
    } else if (!graceGiven) {
      this.#timer = setTimeout(() => this.#check(true), GRACE_MS);
    } else {
      this.#options.onSilent();
    }
  }
}
