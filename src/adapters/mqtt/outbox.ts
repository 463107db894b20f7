import type { MqttClient } from "mqtt";
import { abortable, delay, ignoreAbort } from "../../base/abort.ts";
import { messageOf } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Acknowledgements } from "./acknowledgements.ts";

/** Messages that the broker has not acknowledged yet. */
const MOST_UNACKNOWLEDGED = 32;
/** A topic is told no more often, ms: of values that come faster, the newest is told. */
const PACE_MS = 250;
/** Bytes of a message; the broker may take less. */
const LARGEST_OUT = 2 ** 18;

const sizeLimit = countedLimit("mqtt_message_bytes");
const replacedLimit = countedLimit("mqtt_values_replaced");
const refusedLimit = countedLimit("mqtt_messages_refused");

/** Reason codes of MQTT 5 from here on are refusals. */
const REFUSAL = 128;

/** How a broker is told. */
interface Telling {
  /** Aborts when the connection has ended: what waits is dropped. */
  readonly signal: AbortSignal;
  /** Bytes of a message that the broker takes, if it says so. */
  readonly largest?: number | undefined;
  readonly acknowledgements: Acknowledgements;
  /** The broker has refused a message, such as one that its access list does not allow. */
  readonly onRefused: (topic: string, why: string) => void;
}

/**
 * What is to be told to a broker, while it is connected: of each topic the newest value waits, and no more. A value that the
 * broker has is not told again.
 */
export class Outbox {
  readonly #client: MqttClient;
  readonly #signal: AbortSignal;
  /** Bytes of a message with its topic. */
  readonly largest: number;
  readonly #acknowledgements: Acknowledgements;
  readonly #onRefused: Telling["onRefused"];
  readonly #waiting = new Map<string, { readonly payload: string; readonly retain: boolean }>();
  /** What the broker has, of retained topics. */
  readonly #told = new Map<string, string>();
  #isSending = false;

  constructor(client: MqttClient, telling: Telling) {
    const { signal, largest = LARGEST_OUT, acknowledgements, onRefused } = telling;
    this.#client = client;
    this.#signal = signal;
    this.#acknowledgements = acknowledgements;
    this.#onRefused = onRefused;
    this.largest = Math.min(largest, LARGEST_OUT);
  }

  /** Tells a value, which the broker keeps; an empty one removes it there. @returns false when it is too large. */
  set(topic: string, payload: string, { retain = true } = {}): boolean {
    if (Buffer.byteLength(payload) + topic.length > this.largest) {
      sizeLimit.hit();
      return false;
    }
    if (this.#waiting.has(topic)) replacedLimit.hit();
    else if (this.#told.get(topic) === payload) return true;
    this.#waiting.set(topic, { payload, retain });
    if (!this.#isSending) void this.#sendAll();
    return true;
  }

  /** Removes what the broker has of a topic. */
  clear(topic: string): void {
    this.set(topic, "");
  }

  /** Tells what is not kept, such as an event, at once. Resolves when the broker has it, or never will; false: it is too large. */
  async send(topic: string, payload: string): Promise<boolean> {
    const isTooLarge = Buffer.byteLength(payload) + topic.length > this.largest;
    if (isTooLarge) sizeLimit.hit();
    else await this.#whileConnected(this.#publish(topic, payload, false));
    return !isTooLarge;
  }

  /** Tells a value again, though the broker had it. */
  retell(topic: string, payload: string): void {
    this.#told.delete(topic);
    this.set(topic, payload);
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
        await this.#sendEach();
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
    const sent = batch.map(([topic, { payload, retain }]) => {
      if (payload === "") this.#told.delete(topic);
      else if (retain) this.#told.set(topic, payload);
      return this.#publish(topic, payload, retain);
    });
    await this.#whileConnected(Promise.all(sent));
    return Math.max(1, batch.length);
  }

  #publish(topic: string, payload: string, retain: boolean): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    const sending = new Promise<void>((resolve) => {
      this.#client.publish(topic, payload, { qos: 1, retain }, (error) => {
        if (error) this.#failed(topic, error);
        resolve();
      });
    });
    return this.#acknowledgements.of(sending);
  }

  /** The broker does not have it: it is told again when it is set again. */
  #failed(topic: string, error: Error): void {
    this.#told.delete(topic);
    const { code } = error as { code?: unknown };
    if (typeof code !== "number" || code < REFUSAL) return;
    refusedLimit.hit();
    this.#onRefused(topic, messageOf(error));
  }

  /** What a connection that has ended did not take is told anew by the next. */
  async #whileConnected(sending: Promise<unknown>): Promise<void> {
    await abortable(sending, this.#signal).catch(ignoreAbort);
  }
}
