import type { KV } from "@nats-io/kv";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { pack } from "./packed.ts";

export class WrittenThings {
  readonly #bucket: KV;
  readonly #name: string;
  readonly #log: Log;
  readonly #most: number;
  #known = new Map<string, string>();
  /** Those that were not taken, of which the log has told. */
  readonly #refused = new Map<string, string>();

  /** @param options.most - Bytes that a message holds. */
  constructor(bucket: KV, { name, log, most }: { name: string; log: Log; most: number }) {
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
   */
  async write(descriptions: ReadonlyMap<string, string>): Promise<boolean> {
    let isWhole = true;
    for (const [thing, text] of descriptions) {
      if (this.#known.get(thing) === text) continue;
      try {
        const packed = await pack(text);
        if (packed.length > this.#most) {
          this.#refuse(
            thing,
            text,
            `packed it has ${packed.length} bytes, and a message holds ${this.#most}`,
          );
          continue; // until it is another
        }
        await this.#bucket.put(this.#key(thing), packed);
        this.#known.set(thing, text);
      } catch (error) {
        isWhole = false;
        this.#refuse(thing, text, messageOf(error));
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
      `NATS does not take the description of '${thing}' (${text.length} characters): ${why}. Others do not list it until it does: check max_payload and the disk of JetStream.`,
    );
  }

  #key(thing: string): string {
    return `${this.#name}.${thing}`;
  }
}
