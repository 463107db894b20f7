import { slowReaders } from "../../base/slow-readers.ts";

/** Why frames were not sent: the child had not yet read the two previous ones, or the stream exceeded the rate limit. */
interface Dropped {
  behind: number;
  too_fast: number;
  /** While the child was being restarted. */
  not_running: number;
}

const MOST_WAITING = 2; // frames
const passedOver = slowReaders("thorvision_receiver", "newest");
const BURST_S = 0.1; // the part of a second's bytes that may be sent at once

/**
 * Passes or drops whole frames, and counts those it drops: at most two wait for the child, and the byte rate stays below
 * what a receiver with GStreamer's window can follow (8192 packets of 1316 bytes in 0.5 s).
 */
export class FrameGate {
  readonly dropped: Dropped = { behind: 0, too_fast: 0, not_running: 0 };
  readonly #bytesPerMs: number;
  #waiting = 0;
  #waitingSince = 0;
  #credit: number;
  #countedAt: number | undefined;

  /** @param maxMBps - Million bytes a second. */
  constructor(maxMBps: number) {
    this.#bytesPerMs = maxMBps * 1000;
    this.#credit = this.#burst;
  }

  /** @param now - ms of a monotonic clock. @returns Whether the frame may be written; call `taken` once it has been. */
  admits(bytes: number, now: number): boolean {
    this.#refill(now);
    if (this.#waiting >= MOST_WAITING) {
      this.dropped.behind++;
      passedOver();
    } else if (this.#credit <= 0) this.dropped.too_fast++;
    else {
      this.#credit -= bytes;
      if (this.#waiting === 0) this.#waitingSince = now;
      this.#waiting++;
      return true;
    }
    return false;
  }

  /** The child has read a frame. */
  taken(now: number): void {
    this.#waiting--;
    this.#waitingSince = now;
  }

  /** How long the child has read nothing although frames wait, ms. */
  stalledFor(now: number): number {
    return this.#waiting === 0 ? 0 : now - this.#waitingSince;
  }

  get #burst(): number {
    return this.#bytesPerMs * 1000 * BURST_S;
  }

  #refill(now: number): void {
    const ms = now - (this.#countedAt ?? now);
    this.#countedAt = now;
    this.#credit = Math.min(this.#burst, this.#credit + ms * this.#bytesPerMs);
  }
}
