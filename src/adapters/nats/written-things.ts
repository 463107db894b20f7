import type { KV } from "@nats-io/kv";
import { reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Nats } from "./library.ts";
import { pack } from "./packed.ts";
import { isUnanswered, type StuckStream } from "./stuck-stream.ts";

interface Writing {
  readonly name: string;
  readonly log: Log;
  /** Bytes that a message holds. */
  readonly most: number;
  /** Whether the connection has ended. */
  readonly isClosed: () => boolean;
  readonly library: Nats;
  readonly stuck: StuckStream;
}

/** The descriptions of one member, as they stand in the bucket. */
export class WrittenThings {
  readonly #bucket: KV;
  readonly #writing: Writing;
  #known = new Map<string, string>();
  /** Those that were not taken, of which the log has told. */
  readonly #refused = new Map<string, string>();

  constructor(bucket: KV, writing: Writing) {
    this.#bucket = bucket;
    this.#writing = writing;
  }

  /** All are written again. */
  forget(): void {
    this.#known = new Map();
  }

  /**
   * Writes what is new, and removes what has gone, also what an earlier process has left there.
   * @returns Why JetStream has not taken all; undefined where it has.
   * @throws whatever NATS throws when the connection has ended.
   */
  async write(descriptions: ReadonlyMap<string, string>): Promise<string | undefined> {
    try {
      return await this.#writeAll(descriptions);
    } catch (error) {
      if (this.#writing.isClosed()) throw error;
      this.#writing.stuck.refused(error);
      return `${reasonOf(error)}. Check the disk and the log of nats-server`;
    }
  }

  async #writeAll(descriptions: ReadonlyMap<string, string>): Promise<string | undefined> {
    const { name, library, most, stuck } = this.#writing;
    let why: string | undefined;
    for (const [thing, text] of descriptions) {
      if (this.#known.get(thing) === text) continue;
      const packed = await pack(text);
      if (packed.length > most) {
        const size = `packed it has ${packed.length} bytes, and a message holds ${most}`;
        this.#refuse(thing, text, `${size}. Make max_payload of nats-server larger.`);
        continue; // until it is another
      }
      try {
        await this.#bucket.put(this.#key(thing), packed);
        stuck.stored();
        this.#known.set(thing, text);
      } catch (error) {
        // Others would be waited for in vain, too.
        if (this.#writing.isClosed() || isUnanswered(error, library)) throw error;
        why = reasonOf(error);
        this.#refuse(thing, text, `${why}. It is tried again: check the disk of JetStream.`);
      }
    }
    for await (const key of await this.#bucket.keys(`${name}.*`)) {
      if (!descriptions.has(key.slice(name.length + 1))) await this.#bucket.delete(key);
    }
    for (const map of [this.#known, this.#refused])
      for (const thing of map.keys()) if (!descriptions.has(thing)) map.delete(thing);
    return why;
  }

  #refuse(thing: string, text: string, why: string): void {
    if (this.#refused.get(thing) === text) return;
    this.#refused.set(thing, text);
    this.#writing.log.warn(
      `NATS does not take the description of '${thing}' (${text.length} characters), and others do not list it: ${why}`,
    );
  }

  #key(thing: string): string {
    return `${this.#writing.name}.${thing}`;
  }
}
