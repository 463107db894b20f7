import { slowReaders } from "../../base/slow-readers.ts";

/** Why a frame was not sent: the child had not taken the two before it; the stream was faster than SRT can be. */
interface Dropped {
  behind: number;
  too_fast: number;
  /** While the child was being started again. */
  not_running: number;
}

const MOST_WAITING = 2; // frames
const passedOver = slowReaders("thorvision_receiver", "newest");
const BURST_S = 0.1; // how much of a second's bytes may come at once

/**
 * Lets frames through whole or not at all, and counts what it does not let through: no more than two wait for the child,
 * and no more bytes a second than a receiver with GStreamer's window can follow (8192 packets of 1316 bytes in 0.5 s).
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

  /** @param now - ms of a monotonic clock. @returns Whether the frame may be written; then call `taken` once it was. */
  admits(bytes: number, now: number): boolean {
    this.#earn(now);
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

  /** The child has taken a frame. */
  taken(now: number): void {
    this.#waiting--;
    this.#waitingSince = now;
  }

  /** How long the child has taken nothing of what waits, ms. */
  stalledFor(now: number): number {
    return this.#waiting === 0 ? 0 : now - this.#waitingSince;
  }

  get #burst(): number {
    return this.#bytesPerMs * 1000 * BURST_S;
  }

  #earn(now: number): void {
    const ms = now - (this.#countedAt ?? now);
    this.#countedAt = now;
    this.#credit = Math.min(this.#burst, this.#credit + ms * this.#bytesPerMs);
  }
}
