import type { WebSocket } from "ws";
import { slowReaders } from "../../base/slow-readers.ts";

const passedOver = slowReaders("websocket", "newest");

/** While more bytes of earlier messages than this are on their way, messages wait. */
const MOST_UNDER_WAY = 64 * 1024;
/** A reader for whom more messages than this wait is disconnected. */
const MOST_WAITING = 1000;

/**
 * What is to be sent over one WebSocket. While the reader is behind, a message waits, and a later one with the
 * same key takes its place: the newest is never lost, and memory does not grow with the reader's slowness. Only its own
 * messages count: frames and notifications, which are sent beside it, have bounds of their own and do not wake it.
 */
export class Outbox {
  /** Messages that a newer one has replaced. */
  replaced = 0;
  readonly #socket: WebSocket;
  readonly #onTooSlow: () => void;
  readonly #onEmpty: () => void;
  readonly #waiting = new Map<string, () => string>();
  /** Bytes of its messages that have not left. */
  #underWay = 0;

  constructor(socket: WebSocket, onTooSlow: () => void, onEmpty: () => void) {
    this.#socket = socket;
    this.#onTooSlow = onTooSlow;
    this.#onEmpty = onEmpty;
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
    if (this.#waiting.size > MOST_WAITING) this.#onTooSlow();
  }

  #sendWaiting(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) this.#waiting.clear();
    for (const [key, write] of this.#waiting) {
      if (this.#underWay > MOST_UNDER_WAY) return;
      this.#waiting.delete(key);
      this.#sendNow(Buffer.from(write()));
      if (this.isEmpty) this.#onEmpty();
    }
  }

  #sendNow(text: Buffer): void {
    this.#underWay += text.length;
    this.#socket.send(text, { binary: false }, () => {
      this.#underWay -= text.length;
      this.#sendWaiting();
    });
  }
}
