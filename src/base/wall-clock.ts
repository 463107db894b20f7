/** The wall clock was set, or the computer slept while the monotonic clock stood still. */
export interface ClockStep {
  /** When that was noticed, on the clock of `now()`. */
  readonly at: number;
  /** How far the wall clock went, ms; less than 0 for back. */
  readonly byMs: number;
}

/** How old what is known of the wall clock may be when it is asked for, ms. */
const LOOK_MS = 250;
/** A smaller difference is not followed: reading two clocks one after the other is no more exact on a busy machine, ms. */
const FOLLOW_MS = 20;
/** From here on a correction is a step that is told, ms. */
const STEP_MS = 100;
const STEPS_KEPT = 100;

/** How far the wall clock has gone from the monotonic clock since the process began, and in which steps. */
class WallClock {
  /** Steps, ever. */
  stepCount = 0;
  readonly #steps: ClockStep[] = [];
  readonly #listeners = new Set<(step: ClockStep) => void>();
  #read: () => number = Date.now;
  #shiftMs = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** What makes a time of `now()` the time of day, ms. */
  get shiftMs(): number {
    if (performance.now() - this.#lookedAt >= LOOK_MS) this.look();
    return this.#shiftMs;
  }

  /** The newest steps, oldest first. @param count - How many there were when the caller last asked. */
  stepsSince(count: number): readonly ClockStep[] {
    const missing = Math.min(this.stepCount - count, this.#steps.length);
    return missing > 0 ? this.#steps.slice(-missing) : [];
  }

  get lastStep(): ClockStep | undefined {
    return this.#steps.at(-1);
  }

  /** Compares the clocks now. */
  look(): void {
    const before = performance.now();
    const wall = this.#read() + 0.5; // it counts whole milliseconds
    const after = performance.now();
    this.#lookedAt = after;
    const at = performance.timeOrigin + (before + after) / 2;
    const shift = wall - at;
    const byMs = shift - this.#shiftMs;
    if (Math.abs(byMs) < Math.max(FOLLOW_MS, after - before)) return;
    this.#shiftMs = shift;
    if (Math.abs(byMs) >= STEP_MS) this.#note({ at, byMs: Math.round(byMs) });
  }

  /** Calls `listener` with each step that is noticed. Returns how to end that. */
  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes another clock for the wall clock, so that a test can set it. Returns how to end that. */
  readFrom(read: () => number): () => void {
    this.#read = read;
    this.look();
    return () => {
      this.#read = Date.now;
      this.look();
    };
  }

  #note(step: ClockStep): void {
    this.stepCount += 1;
    this.#steps.push(step);
    if (this.#steps.length > STEPS_KEPT) this.#steps.shift();
    for (const listener of this.#listeners) listener(step);
  }
}

/** The one of this process. */
export const wallClock = new WallClock();
