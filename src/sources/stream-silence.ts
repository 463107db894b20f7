import { Heartbeats } from "../base/heartbeats.ts";
import { systemTimers, type Timers } from "../base/timers.ts";

/** A server that sends heartbeats is gone when neither they nor pictures have come for so long, ms. */
const GONE_MS = 10_000;

/** How long a server may be silent. */
export interface StreamSilenceLimits {
  /** From the request to the answer, and to the first part unless `stallMs` is longer, ms. */
  readonly startMs: number;
  /** Without a part after that, ms; 0: any time. */
  readonly stallMs: number;
}

/** Notices that a server sends nothing: one that has sent a heartbeat has to go on, however slow its camera may be. */
export class StreamSilence {
  readonly #limits: StreamSilenceLimits;
  readonly #timers: Timers;
  readonly #abort = new AbortController();
  readonly #parts: Heartbeats;
  #heartbeats: Heartbeats | undefined;
  /** For how long it was silent, ms, when the signal has aborted. */
  ms = 0;

  constructor({ startMs, stallMs }: StreamSilenceLimits, timers: Timers = systemTimers) {
    this.#timers = timers;
    this.#limits = { startMs, stallMs: stallMs || Number.POSITIVE_INFINITY };
    this.#parts = this.#watched();
  }

  /** Aborts when it has been silent for too long. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The head of the answer has come. */
  answered(): void {
    const { startMs, stallMs } = this.#limits;
    if (stallMs > startMs) this.#parts.beat();
  }

  /** A whole part has come. */
  part(isHeartbeat: boolean): void {
    this.#parts.beat();
    if (isHeartbeat && this.#limits.stallMs > GONE_MS) this.#heartbeats ??= this.#watched(GONE_MS);
    this.#heartbeats?.beat();
  }

  stop(): void {
    this.#parts.stop();
    this.#heartbeats?.stop();
  }

  #watched(silenceMs = this.#limits.stallMs): Heartbeats {
    const { startMs } = this.#limits;
    const abort = () => {
      this.ms = heartbeats.allowedMs;
      this.#abort.abort();
    };
    const heartbeats = new Heartbeats({ startMs, silenceMs }, abort, this.#timers);
    return heartbeats;
  }
}
