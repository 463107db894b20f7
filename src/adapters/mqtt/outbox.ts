import type { MqttClient } from "mqtt";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** Messages that the broker has not acknowledged yet. */
const MOST_UNACKNOWLEDGED = 32;
/** A topic is told no more often, ms: of values that come faster, the newest is told. */
const PACE_MS = 250;
/** Bytes of a message; the broker may take less. */
const LARGEST_OUT = 2 ** 18;

const sizeLimit = countedLimit("mqtt_message_bytes");
const replacedLimit = countedLimit("mqtt_values_replaced");

/**
 * What is to be told to a broker, while it is connected: of each topic the newest value waits, and no more. A value that the
 * broker has is not told again.
 */
export class Outbox {
  readonly #client: MqttClient;
  readonly #signal: AbortSignal;
  readonly #largest: number;
  readonly #waiting = new Map<string, string>();
  /** What the broker has, of retained topics. */
  readonly #told = new Map<string, string>();
  #isSending = false;

  /** @param signal - Aborts when the connection has ended: what waits is dropped. */
  constructor(client: MqttClient, signal: AbortSignal, largest = LARGEST_OUT) {
    this.#client = client;
    this.#signal = signal;
    this.#largest = Math.min(largest, LARGEST_OUT);
  }

  /** Tells a value that the broker keeps; empty removes it. @returns false when it is too large. */
  set(topic: string, payload: string): boolean {
    if (Buffer.byteLength(payload) + topic.length > this.#largest) {
      sizeLimit.hit();
      return false;
    }
    if (this.#waiting.has(topic)) replacedLimit.hit();
    else if (this.#told.get(topic) === payload) return true;
    this.#waiting.set(topic, payload);
    if (!this.#isSending) void this.#sendAll();
    return true;
  }

  /** Removes what the broker has of a topic. */
  clear(topic: string): void {
    this.set(topic, "");
  }

  /** Tells what is not kept, such as an event, as soon as there is room. Resolves when the broker has it, or never will. */
  async send(topic: string, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) + topic.length > this.#largest) sizeLimit.hit();
    else await this.#publish(topic, payload, false);
  }

  /** From now on everything is told again. */
  forget(): void {
    this.#told.clear();
  }

  /** Resolves when all that waits now is told. */
  async flush(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#signal.aborted) await this.#sendBatch();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      await Promise.resolve(); // what is set in this tick goes together
      while (this.#waiting.size > 0 && !this.#signal.aborted) {
        const all = this.#sendEach();
        await all;
        await delay(PACE_MS, this.#signal);
      }
    } catch (error) {
      ignoreAbort(error);
    } finally {
      this.#isSending = false;
      if (this.#signal.aborted) this.#waiting.clear();
    }
  }

  /** What waits at this moment, each topic once. */
  async #sendEach(): Promise<void> {
    for (let left = this.#waiting.size; left > 0 && !this.#signal.aborted; )
      left -= await this.#sendBatch();
  }

  async #sendBatch(): Promise<number> {
    const batch = [...this.#waiting].slice(0, MOST_UNACKNOWLEDGED);
    for (const [topic] of batch) this.#waiting.delete(topic);
    await Promise.all(
      batch.map(async ([topic, payload]) => {
        if (payload === "") this.#told.delete(topic);
        else this.#told.set(topic, payload);
        await this.#publish(topic, payload, true);
      }),
    );
    return Math.max(1, batch.length);
  }

  /** Never rejects: with a connection that has ended, everything is told anew by the next. */
  async #publish(topic: string, payload: string, retain: boolean): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const ended = () => resolve();
      this.#signal.addEventListener("abort", ended, { once: true });
      this.#client.publish(topic, payload, { qos: 1, retain }, () => {
        this.#signal.removeEventListener("abort", ended);
        resolve();
      });
    });
  }
}
