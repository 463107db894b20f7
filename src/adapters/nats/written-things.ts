import type { KV } from "@nats-io/kv";
import { reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { pack } from "./packed.ts";

export class WrittenThings {
  readonly #bucket: KV;
  readonly #name: string;
  readonly #log: Log;
  readonly #most: number;
  readonly #isClosed: () => boolean;
  #known = new Map<string, string>();
  /** Those that were not taken, of which the log has told. */
  readonly #refused = new Map<string, string>();

  /**
   * @param options.most - Bytes that a message holds.
   * @param options.isClosed - Whether the connection has ended.
   */
  constructor(
    bucket: KV,
    options: { name: string; log: Log; most: number; isClosed: () => boolean },
  ) {
    const { name, log, most, isClosed } = options;
    this.#isClosed = isClosed;
    this.#bucket = bucket;
    this.#most = most;
    this.#name = name;
    this.#log = log;
  }

  /** All are written again. */
  forget(): void {
    this.#known = new Map();
  }

  /**
   * Writes what is new, and removes what has gone, also what an earlier process has left there.
   * @returns Whether all was taken.
   * @throws whatever NATS throws when the connection has ended.
   */
  async write(descriptions: ReadonlyMap<string, string>): Promise<boolean> {
    let isWhole = true;
    for (const [thing, text] of descriptions) {
      if (this.#known.get(thing) === text) continue;
      try {
        const packed = await pack(text);
        if (packed.length > this.#most) {
          const why = `packed it has ${packed.length} bytes, and a message holds ${this.#most}`;
          this.#refuse(thing, text, `${why}. Make max_payload of nats-server larger.`);
          continue; // until it is another
        }
        await this.#bucket.put(this.#key(thing), packed);
        this.#known.set(thing, text);
      } catch (error) {
        if (this.#isClosed()) throw error;
        isWhole = false;
        const why = reasonOf(error);
        this.#refuse(thing, text, `${why}. It is tried again: check the disk of JetStream.`);
      }
    }
    for await (const key of await this.#bucket.keys(`${this.#name}.*`)) {
      if (!descriptions.has(key.slice(this.#name.length + 1))) await this.#bucket.delete(key);
    }
    for (const map of [this.#known, this.#refused])
      for (const thing of map.keys()) if (!descriptions.has(thing)) map.delete(thing);
    return isWhole;
  }

  #refuse(thing: string, text: string, why: string): void {
    if (this.#refused.get(thing) === text) return;
    this.#refused.set(thing, text);
    this.#log.warn(
      `NATS does not take the description of '${thing}' (${text.length} characters), and others do not list it: ${why}`,
    );
  }

  #key(thing: string): string {
    return `${this.#name}.${thing}`;
  }
}
