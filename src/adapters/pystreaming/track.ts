import { slowReaders } from "../../base/slow-readers.ts";

const passedOver = slowReaders("pystreaming_worker", "newest");
/** How many of the newest frames are kept for workers, as in Python. */
const FRAMES_HELD = 10;
/** The maximum number of waiting requests, per connection and in all. */
const REQUESTS_OF_ONE = 64;
const REQUESTS_IN_ALL = 4096;

/** ZeroMQ's name of the connection that asked, and the parts that precede the reply. */
export type Envelope = readonly Uint8Array[];

/** A frame as it is sent. */
export type Parts = readonly Uint8Array[];

/** Sends a frame to the worker that asked; false if it could not. */
type Answer = (envelope: Envelope, frame: Parts) => Promise<boolean>;

interface Request {
  readonly envelope: Envelope;
  readonly peer: string;
  /** `performance.now()` at which it is answered without a frame. */
  readonly until: number;
}

/** Counters of a track. */
export interface TrackCounts {
  readonly sent: number;
  readonly overwritten: number;
  readonly waiting: number;
}

/** A named queue with the whole stream for one group of workers: each frame goes to one worker that asks. */
export class Track {
  readonly #answer: Answer;
  readonly #frames: Parts[] = [];
  readonly #requests: Request[] = [];
  readonly #asked = new Map<string, number>();
  sent = 0;
  overwritten = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  get counts(): TrackCounts {
    return { sent: this.sent, overwritten: this.overwritten, waiting: this.#frames.length };
  }

  /** Sends a frame to the worker that has waited longest, or queues it, dropping the oldest if full. */
  add(frame: Parts): void {
    if (this.#frames.length === FRAMES_HELD) {
      this.#frames.shift();
      this.#overwrite();
    }
    this.#frames.push(frame);
    this.#match();
  }

  /** Queues a request. @returns False if too many wait already. */
  ask(envelope: Envelope, until: number): boolean {
    const peer = Buffer.from(envelope[0]!).toString("latin1");
    const asked = this.#asked.get(peer) ?? 0;
    if (asked >= REQUESTS_OF_ONE || this.#requests.length >= REQUESTS_IN_ALL) return false;
    this.#asked.set(peer, asked + 1);
    this.#requests.push({ envelope, peer, until });
    this.#match();
    return true;
  }

  /** Removes the requests that expire by `time`; all if absent. */
  waiters(time = Number.POSITIVE_INFINITY): Envelope[] {
    const count = this.#requests.findIndex(({ until }) => until > time);
    const late = count < 0 ? this.#requests.length : count;
    return Array.from({ length: late }, () => this.#takeRequest()!.envelope);
  }

  #match(): void {
    while (this.#frames.length > 0 && this.#requests.length > 0) {
      const frame = this.#frames.shift()!;
      void this.#give(this.#takeRequest()!.envelope, frame);
    }
  }

  async #give(envelope: Envelope, frame: Parts): Promise<void> {
    this.sent++;
    if (await this.#answer(envelope, frame)) return;
    // The worker has gone: the next one gets the frame.
    this.sent--;
    if (this.#frames.length === FRAMES_HELD) this.#overwrite();
    else this.#frames.unshift(frame);
    this.#match();
  }

  #overwrite(): void {
    this.overwritten++;
    passedOver();
  }

  #takeRequest(): Request | undefined {
    const request = this.#requests.shift();
    if (!request) return undefined;
    const left = (this.#asked.get(request.peer) ?? 1) - 1;
    if (left > 0) this.#asked.set(request.peer, left);
    else this.#asked.delete(request.peer);
    return request;
  }
}
