import { now } from "../base/clock.ts";
import { slowReaders } from "../base/slow-readers.ts";
import type { StoredFrame } from "../frames/stored-picture.ts";
import type { FrameFeed } from "./frame-outlet.ts";

const passedOver = slowReaders("frames_socket", "newest");

/** Uses a frame in this tick, or retains it, and calls `sent` when nothing of it is left to send. */
export type SendFrame = (frame: StoredFrame, sent: () => void) => void;

/**
 * One client that takes frames one at a time: the next is sent when it has taken the last, and is the newest by then. While it
 * decodes, nothing queues for it; what it misses is counted. A client that says it took what has not even been sent waits too.
 */
export class NewestReader {
  readonly #feed: FrameFeed;
  readonly #send: SendFrame;
  readonly #stops: readonly (() => void)[];
  #waiting: StoredFrame | undefined;
  #isUnsent = false;
  #isUntaken = false;
  #sentAt = 0;
  #closed = false;

  /**
   * Begins with the newest frame, if it is fresh.
   * @throws {ThingError} `TOO_MANY_VIEWERS`.
   */
  constructor(feed: FrameFeed, send: SendFrame) {
    this.#feed = feed;
    this.#send = send;
    feed.viewers.assertRoom();
    feed.viewers.stats.viewers += 1;
    this.#stops = [feed.follow((frame) => this.#offer(frame)), feed.demand.take()];
    const fresh = feed.freshFrame();
    if (fresh) this.#offer(fresh);
  }

  /** The client has taken what it was sent. */
  taken(): void {
    this.#isUntaken = false;
    this.#sendWaiting();
  }

  /** How long the client has not taken what has left, ms; 0 where it has, or while it leaves. */
  get untakenMs(): number {
    return this.#isUntaken && !this.#isUnsent ? now() - this.#sentAt : 0;
  }

  /** Whether the client wants nothing more of it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#waiting?.release();
    this.#waiting = undefined;
    this.#feed.viewers.stats.viewers -= 1;
  }

  get #isUnderWay(): boolean {
    return this.#isUnsent || this.#isUntaken;
  }

  #offer(frame: StoredFrame): void {
    if (this.#isUnderWay) this.#postpone(frame);
    else this.#sendNow(frame);
  }

  #sendNow(frame: StoredFrame): void {
    this.#isUnsent = true;
    this.#isUntaken = true;
    this.#feed.viewers.stats.sentFrames += 1;
    this.#send(frame, () => {
      this.#isUnsent = false;
      this.#sentAt = now();
      this.#sendWaiting();
    });
  }

  #postpone(frame: StoredFrame): void {
    if (this.#waiting) {
      this.#feed.viewers.stats.skippedFrames += 1;
      passedOver();
      this.#waiting.release();
    }
    frame.retain();
    this.#waiting = frame;
  }

  #sendWaiting(): void {
    const next = this.#waiting;
    if (!next || this.#isUnderWay) return;
    this.#waiting = undefined;
    this.#sendNow(next);
    next.release();
  }
}
