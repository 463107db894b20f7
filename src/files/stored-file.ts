import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { type TUnsafe, Type } from "typebox";
import { toDateTime } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { WRITES_ITSELF } from "../core/json-value.ts";

/**
 * Something that belongs to a file, e.g. its poster image: a file itself, or bytes that are made when somebody asks, in parts where
 * they may be many.
 */
export interface FilePart {
  readonly mediaType: string;
  readonly content: string | (() => Promise<Uint8Array> | AsyncIterable<Uint8Array>);
}

/** A file on disk, and what is to be said of it. */
export interface StoredFileOptions {
  readonly path: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch ms. */
  readonly createdAt: number;
  /** It is still being written. */
  readonly isGrowing?: boolean;
  /** More members of its JSON. */
  readonly about?: Readonly<Record<string, unknown>>;
  readonly parts?: Readonly<Record<string, FilePart>>;
  /** Removes it with all that belongs to it. */
  readonly remove?: () => Promise<void>;
}

/** Collections that are listed among all recordings, for the role view: the manifest of several belongs to them, a server's log files do not. */
export const RECORDED: ReadonlySet<string> = new Set(["recordings", "manifests"]);

/** One file that clients can fetch. In JSON it is a link, with what is to be said of it. */
export class StoredFile {
  readonly [WRITES_ITSELF] = true;
  readonly id: string;
  /** Path of the link, under the server's prefix. */
  readonly href: string;
  readonly #options: StoredFileOptions;

  constructor(id: string, path: string, options: StoredFileOptions) {
    this.id = id;
    this.href = `${path}/${id}`;
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  get name(): string {
    return basename(this.path);
  }

  get mediaType(): string {
    return this.#options.mediaType;
  }

  get type(): string {
    return this.mediaType;
  }

  get size(): number {
    return this.#options.size;
  }

  get createdAt(): number {
    return this.#options.createdAt;
  }

  get isGrowing(): boolean {
    return this.#options.isGrowing ?? false;
  }

  /** @throws {ThingError} `NOT_FOUND`, naming the parts that there are. */
  part(name: string): FilePart {
    const parts = this.#parts;
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (part) return part;
    const names = Object.keys(parts).join(", ") || "none";
    throw new ThingError("NOT_FOUND", `'${this.name}' has no part '${name}'. It has: ${names}.`);
  }

  remove(): Promise<void> {
    return this.#options.remove?.() ?? rm(this.path, { force: true });
  }

  /** Its JSON, with links that begin with `base`, e.g. `http://host/prefix`. */
  linked(base: string): Record<string, unknown> {
    const { id, name, mediaType: type, size, isGrowing: growing } = this;
    const href = base + this.href;
    const parts = Object.keys(this.#parts).map((part) => [part, `${href}/${part}`]);
    return {
      id,
      name,
      href,
      type,
      size,
      created: toDateTime(this.createdAt),
      growing,
      ...this.#options.about,
      parts: Object.fromEntries(parts),
    };
  }

  toJSON(): Record<string, unknown> {
    return this.linked("");
  }

  get #parts(): Readonly<Record<string, FilePart>> {
    return this.#options.parts ?? {};
  }
}

/**
 * The schema of a stored file as a value.
 * @param about - The schemas of the members that are said beside what is said of every file.
 */
export function storedFileSchema(
  about: Readonly<Record<string, object>> = {},
): TUnsafe<StoredFile> {
  return Type.Unsafe<StoredFile>({
    type: "object",
    title: "File",
    properties: {
      id: { type: "string", description: "The file's id, which survives a restart" },
      name: { type: "string" },
      href: { type: "string", format: "uri-reference", description: "URL of the file" },
      type: { type: "string", description: "Media type of the file" },
      size: { type: "integer", unit: "B" },
      created: { type: "string", format: "date-time" },
      growing: { type: "boolean", description: "Whether it is still being written" },
      ...about,
      parts: {
        type: "object",
        description: "URLs of what belongs to the file, by name",
        additionalProperties: { type: "string", format: "uri-reference" },
      },
    },
    required: ["id", "name", "href", "type", "size"],
  });
}
