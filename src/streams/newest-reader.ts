import { slowReaders } from "../base/slow-readers.ts";
import type { StoredFrame } from "../frames/stored-picture.ts";
import type { FrameFeed } from "./frame-outlet.ts";

const passedOver = slowReaders("frames_socket", "newest");

/**
 * One client that takes frames one at a time: the next is sent when it has taken the last, and is the newest by then. While it
 * decodes, nothing queues for it; what it misses is counted.
 */
export class NewestReader {
  readonly #feed: FrameFeed;
  readonly #send: (frame: StoredFrame) => void;
  readonly #stops: (() => void)[];
  #waiting: StoredFrame | undefined;
  #isUnderWay = false;

  /**
   * Begins with the newest frame, if it is fresh.
   * @param send - Uses the frame in this tick, or retains it.
   * @throws {ThingError} `TOO_MANY_VIEWERS`.
   */
  constructor(feed: FrameFeed, send: (frame: StoredFrame) => void) {
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
    this.#isUnderWay = false;
    const next = this.#waiting;
    if (!next) return;
    this.#waiting = undefined;
    this.#offer(next);
    next.release();
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#waiting?.release();
    this.#waiting = undefined;
    this.#feed.viewers.stats.viewers -= 1;
  }

  #offer(frame: StoredFrame): void {
    const { stats } = this.#feed.viewers;
    if (!this.#isUnderWay) {
      this.#isUnderWay = true;
      stats.sentFrames += 1;
      this.#send(frame);
      return;
    }
    if (this.#waiting) {
      stats.skippedFrames += 1;
      passedOver();
      this.#waiting.release();
    }
    frame.retain();
    this.#waiting = frame;
  }
}
