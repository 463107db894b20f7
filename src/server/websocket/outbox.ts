import type { WebSocket } from "ws";
import { slowReaders } from "../../base/slow-readers.ts";

const passedOver = slowReaders("websocket", "newest");

export interface OutboxLimits {
  /** While more bytes than this are on their way, messages wait. */
  readonly maxBytes?: number;
  /** A reader for whom more messages than this wait is disconnected. */
  readonly maxWaiting?: number;
}

/**
 * What is to be sent over one WebSocket. While the reader is behind, a message waits, and a later one with the
 * same key takes its place: the newest is never lost, and memory does not grow with the reader's slowness.
 */
export class Outbox {
  /** Messages that a newer one has replaced. */
  replaced = 0;
  readonly #socket: WebSocket;
  readonly #maxBytes: number;
  readonly #maxWaiting: number;
  readonly #onTooSlow: () => void;
  readonly #onEmpty: () => void;
  readonly #waiting = new Map<string, () => string>();

  constructor(
    socket: WebSocket,
    onTooSlow: () => void,
    onEmpty: () => void = () => {},
    { maxBytes = 64 * 1024, maxWaiting = 1000 }: OutboxLimits = {},
  ) {
    this.#socket = socket;
    this.#onTooSlow = onTooSlow;
    this.#onEmpty = onEmpty;
    this.#maxBytes = maxBytes;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** @param write - Makes the message; called once, when it can be sent. */
  send(key: string, write: () => string): void {
    if (this.#waiting.delete(key)) {
      this.replaced += 1;
      passedOver();
    }
    this.#waiting.set(key, write);
    this.#sendWaiting();
    if (this.#waiting.size > this.#maxWaiting) this.#onTooSlow();
  }

  #sendWaiting(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) this.#waiting.clear();
    for (const [key, write] of this.#waiting) {
      if (this.#socket.bufferedAmount > this.#maxBytes) return;
      this.#waiting.delete(key);
      this.#socket.send(write(), () => this.#sendWaiting());
      if (this.isEmpty) this.#onEmpty();
    }
  }
}
