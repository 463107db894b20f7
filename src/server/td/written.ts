import { countedLimit } from "../../base/limit-hits.ts";
import { hashOf } from "../http/conditions.ts";
import type { Reply } from "../http/route.ts";

/** Of all that is kept, together. */
const MOST_BYTES = 8 * 2 ** 20;

const dropped = countedLimit("written_descriptions");

/**
 * Descriptions in JSON, written once for all clients that address the server alike: their addresses begin with the root
 * that a client used, and so differ by Host, scheme and proxy; no role sees another one. They are forgotten whenever a Thing
 * changes its model, and with the table of routes.
 */
export class WrittenDescriptions {
  /** The one that was used last is the last. */
  readonly #kept = new Map<string, Written>();
  #bytes = 0;

  /**
   * @param name - What is described.
   * @param root - For whom.
   * @param describe - Called if it is not kept.
   */
  reply(name: string, root: string, contentType: string, describe: () => unknown) {
    const key = `${name} ${root}`;
    const written = this.#kept.get(key) ?? writtenOf(describe());
    this.#keep(key, written);
    return { status: 200, contentType, ...written } satisfies Reply;
  }

  /** All are written again when they are asked for. */
  forget(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** Anybody may address a server by many names: those that were not used for longest make room. */
  #keep(key: string, written: Written): void {
    if (!this.#kept.delete(key)) this.#bytes += written.body.length;
    this.#kept.set(key, written);
    for (const [oldest, { body }] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#kept.delete(oldest);
      this.#bytes -= body.length;
      dropped.hit();
    }
  }
}

interface Written {
  readonly body: Buffer;
  readonly hash: string;
}

function writtenOf(description: unknown): Written {
  const body = Buffer.from(JSON.stringify(description));
  return { body, hash: hashOf(body) };
}
