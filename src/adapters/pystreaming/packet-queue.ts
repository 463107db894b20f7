import type { Packet } from "./packet.ts";

/** A bounded queue from a socket to one reader: if the reader is slow, the oldest packets are dropped and counted. */
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

  /** Packets dropped because the reader was slow. */
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

  /** Ends the queue: the reader gets the waiting packets. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Ends the queue: the reader gets the waiting packets, and then `error`. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  /** Packets in order, until `signal` aborts or the queue ends. @throws The error passed to `fail`. */
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
