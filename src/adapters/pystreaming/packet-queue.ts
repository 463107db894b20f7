import type { Packet } from "./packet.ts";

/** Hands packets from a socket to one reader. Bounded: a reader who is late loses the oldest, counted. */
export class PacketQueue {
  readonly #waiting: Packet[] = [];
  readonly #limit: number;
  #dropped = 0;
  #error: Error | undefined;
  #ended = false;
  #wake: () => void = () => {};

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Packets that were lost because the reader was late. */
  get dropped(): number {
    return this.#dropped;
  }

  push(packet: Packet): void {
    if (this.#waiting.length >= this.#limit) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#waiting.push(packet);
    this.#wake();
  }

  /** No more will come: the reader gets those that wait. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** No more will come: the reader gets those that wait, and then `error`. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  /** Packets in order, until `signal` aborts or the queue has ended. @throws What `fail` was given. */
  async *packets(signal: AbortSignal): AsyncGenerator<Packet, void> {
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const packet = this.#waiting.shift();
        if (packet) yield packet;
        else if (this.#error) throw this.#error;
        else if (this.#ended) return;
        else await this.#arrival();
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
