import { countedLimit } from "../../base/limit-hits.ts";

const silentLimit = countedLimit("mqtt_silent_brokers");

/** What a broker was sent and has not acknowledged yet. One that is well acknowledges something now and then, however slow it is. */
export class Acknowledgements {
  readonly #silentMs: number;
  readonly #signal: AbortSignal;
  readonly #onSilence: () => void;
  #missing = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param options.signal - Aborts when the connection has ended: nothing is acknowledged from then on.
   * @param options.onSilence - Called when something is missing and nothing was acknowledged for `silentMs`.
   */
  constructor(options: { silentMs: number; signal: AbortSignal; onSilence: () => void }) {
    this.#silentMs = options.silentMs;
    this.#signal = options.signal;
    this.#onSilence = options.onSilence;
    this.#signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** What `sending` settles to, when the broker has acknowledged or refused it. */
  async of<T>(sending: Promise<T>): Promise<T> {
    this.#missing += 1;
    if (this.#missing === 1) this.#watch();
    try {
      return await sending;
    } finally {
      this.#missing -= 1;
      this.#watch();
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#missing === 0 || this.#signal.aborted) return;
    this.#timer = setTimeout(() => {
      silentLimit.hit();
      this.#onSilence();
    }, this.#silentMs);
  }
}
