import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";

const TICK_MS = 250;

/**
 * Tells when a source gives no frame for too long. It counts ticks of a timer rather than time, so that a while
 * in which this process itself was busy, and could not take frames, is not held against the source.
 */
export class SilenceWatch {
  readonly #startTicks: number;
  readonly #silenceTicks: number;
  readonly #onSilence: () => void;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #lastFrame: number | undefined;
  #periodMs = 0;
  #failure: ThingError | undefined;

  constructor(
    { startMs = 15_000, silenceMs = 1000 }: { startMs?: number; silenceMs?: number },
    onSilence: () => void,
  ) {
    const tickMs = Math.max(
      10,
      Math.min(TICK_MS, startMs / 4, silenceMs ? silenceMs / 4 : TICK_MS),
    );
    this.#startTicks = startMs / tickMs;
    this.#silenceTicks = silenceMs ? silenceMs / tickMs : Number.POSITIVE_INFINITY;
    this.#onSilence = onSilence;
    this.#timer = setInterval(() => this.#tick(tickMs), tickMs).unref();
  }

  /** What to say of a source that was silent for too long. */
  get failure(): ThingError | undefined {
    return this.#failure;
  }

  /** Whether it was silent after frames had come. */
  get stalled(): boolean {
    return this.#failure !== undefined && this.#lastFrame !== undefined;
  }

  frameCame(): void {
    const time = now();
    if (this.#lastFrame !== undefined) {
      const period = time - this.#lastFrame;
      this.#periodMs = this.#periodMs ? 0.8 * this.#periodMs + 0.2 * period : period;
    }
    this.#lastFrame = time;
    this.#ticks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(tickMs: number): void {
    this.#ticks += 1;
    if (this.#lastFrame === undefined) {
      if (this.#ticks >= this.#startTicks) this.#fail("no first frame came", tickMs);
    } else if (this.#ticks >= this.#ticksAllowed(tickMs)) {
      this.#fail("frames stopped coming", tickMs);
    }
  }

  /** While one frame only has come, its period is not known: a second one may take as long as the first. */
  #ticksAllowed(tickMs: number): number {
    if (this.#periodMs === 0) return Math.max(this.#silenceTicks, this.#startTicks);
    return Math.max(this.#silenceTicks, (5 * this.#periodMs) / tickMs);
  }

  #fail(what: string, tickMs: number): void {
    this.stop();
    const seconds = ((this.#ticks * tickMs) / 1000).toFixed(1);
    const sentence = `The source is open but silent: ${what} for ${seconds} s.`;
    this.#failure = new ThingError("SOURCE_FAILED", sentence);
    this.#onSilence();
  }
}
