import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { isPlainObject } from "../base/values.ts";
import { Blob, isBlobSchema } from "./blob.ts";
import { StoredFile } from "./stored-file.ts";

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/**
 * The blobs that can be fetched: those in a value that somebody retains, e.g. an action's output until its
 * invocation is forgotten. Beyond `maxBytes` in all, those that were retained longest ago are let go first.
 */
export class BlobStore {
  readonly #maxBytes: number;
  readonly #log: Log;
  readonly #held = new Map<string, { readonly blob: Blob; holders: number }>();
  #sizeBytes = 0;

  constructor({
    maxBytes = 256 * 2 ** 20,
    log = silentLog,
  }: { maxBytes?: number; log?: Log } = {}) {
    this.#maxBytes = maxBytes;
    this.#log = log;
  }

  /** Bytes of all blobs that are held. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Holds every blob in `value`, once more if it is held already. */
  retain(value: unknown): void {
    for (const blob of blobsIn(value)) {
      const held = this.#held.get(blob.id);
      if (held) {
        held.holders += 1;
      } else {
        this.#held.set(blob.id, { blob, holders: 1 });
        this.#sizeBytes += blob.size;
      }
    }
    this.#letGoBeyondLimit();
  }

  /** Undoes one `retain` of the same value. */
  release(value: unknown): void {
    for (const blob of blobsIn(value)) {
      const held = this.#held.get(blob.id);
      if (!held) continue;
      held.holders -= 1;
      if (held.holders === 0) this.#letGo(blob);
    }
  }

  /** @throws {ThingError} `NOT_FOUND` for an id that is unknown or let go. */
  get(id: string): Blob {
    const held = this.#held.get(id.toLowerCase());
    if (held) return held.blob;
    throw new ThingError(
      "NOT_FOUND",
      `There is no blob ${id}: it never existed, or its invocation has expired. Invoke the action again.`,
    );
  }

  /**
   * `input` with each link to a blob replaced by the blob, where `schema` says that there is one.
   * @throws {ThingError} `INVALID_INPUT` when a link names no blob of this server.
   */
  resolve(input: unknown, schema: object): unknown {
    if (isBlobSchema(schema)) return this.#linked(input);
    if (Array.isArray(input) && hasItems(schema)) {
      const { items } = schema;
      return input.map((item) => this.resolve(item, items));
    }
    if (!isObject(input) || !hasProperties(schema)) return input;
    const members = new Map(Object.entries(schema.properties));
    return Object.fromEntries(
      Object.entries(input).map(([name, value]) => {
        const member = members.get(name);
        return [name, isObject(member) ? this.resolve(value, member) : value];
      }),
    );
  }

  #linked(link: unknown): unknown {
    const href = isObject(link) && "href" in link ? link.href : undefined;
    if (link instanceof Blob || typeof href !== "string") return link; // its schema says what is wrong with it
    const id = UUID.exec(href)?.[0];
    const held = id && this.#held.get(id.toLowerCase());
    if (held) return held.blob;
    const why = id
      ? "that blob does not exist on this server, or has expired"
      : "it does not name a blob";
    throw new ThingError("INVALID_INPUT", `The link ${href} cannot be followed: ${why}.`);
  }

  #letGoBeyondLimit(): void {
    for (const { blob } of this.#held.values()) {
      if (this.#sizeBytes <= this.#maxBytes) return;
      this.#log.warn(
        `Blobs fill ${this.#sizeBytes} bytes: the oldest, ${blob.id}, is released early.`,
      );
      this.#letGo(blob);
    }
  }

  #letGo(blob: Blob): void {
    this.#held.delete(blob.id);
    this.#sizeBytes -= blob.size;
    blob.forget().catch((error: unknown) => {
      this.#log.warn(`A blob's temporary file could not be deleted: ${messageOf(error)}`);
    });
  }
}

/** For `JSON.stringify`: writes each blob and each stored file as a link that begins with `base()`, e.g. `http://host/prefix`. */
export function blobReplacer(base: () => string): (key: string, value: unknown) => unknown {
  return function (this: unknown, key, value) {
    // By now `value` is what toJSON() made; the blob itself is still in the object that holds it.
    const original: unknown = isObject(this) ? Reflect.get(this, key) : undefined;
    if (original instanceof StoredFile) return original.linked(base());
    return original instanceof Blob
      ? { ...original.toJSON(), href: base() + original.href }
      : value;
  };
}

function* blobsIn(value: unknown): Generator<Blob> {
  if (value instanceof Blob) yield value;
  else if (Array.isArray(value)) for (const item of value) yield* blobsIn(item);
  else if (isPlainObject(value)) for (const item of Object.values(value)) yield* blobsIn(item);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function hasItems(schema: object): schema is { items: object } {
  return "items" in schema && isObject(schema.items) && !Array.isArray(schema.items);
}

function hasProperties(schema: object): schema is { properties: object } {
  return "properties" in schema && isObject(schema.properties);
}
