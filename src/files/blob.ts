import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, stat, unlink, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { type TUnsafe, Type } from "typebox";
import { assertFile, readRegular } from "../base/regular-file.ts";
import { WRITES_ITSELF } from "../core/json-value.ts";

/** What stands for a blob in JSON: a link to fetch it from. */
interface BlobLink {
  readonly href: string;
  readonly media_type: string;
  readonly rel: "output";
  readonly description: string;
}

interface BlobOptions {
  readonly description?: string;
}

interface Content {
  readonly size: number;
  bytes(): Promise<Uint8Array>;
  stream(): Readable;
  save(path: string): Promise<void>;
  forget(): Promise<void>;
}

const DESCRIPTION = "The output is not JSON: this link returns it as a file.";

/**
 * Bytes that an action returns or takes, e.g. a picture: JSON carries a link to them. LabThings calls it Blob, and
 * so does its wire; it has nothing to do with the `Blob` of browsers, which a file that imports this one cannot see.
 */
export class Blob {
  readonly [WRITES_ITSELF] = true;
  readonly id = randomUUID();
  readonly mediaType: string;
  readonly description: string;
  readonly #content: Content;

  private constructor(content: Content, mediaType: string, description = DESCRIPTION) {
    this.#content = content;
    this.mediaType = mediaType;
    this.description = description;
  }

  /** Not copied: the bytes must not change afterwards. */
  static fromBytes(bytes: Uint8Array, mediaType: string, { description }: BlobOptions = {}): Blob {
    return new Blob(inMemory(bytes), mediaType, description);
  }

  static fromText(text: string, mediaType = "text/plain; charset=utf-8"): Blob {
    return Blob.fromBytes(new TextEncoder().encode(text), mediaType);
  }

  /** A file on disk; a `temporary` one is deleted when nobody can fetch it any more. */
  static async fromFile(
    path: string,
    mediaType: string,
    { description, temporary = false }: BlobOptions & { temporary?: boolean } = {},
  ): Promise<Blob> {
    const found = await stat(path);
    assertFile(path, found);
    const { size } = found;
    return new Blob(onDisk(path, size, temporary), mediaType, description);
  }

  /** Bytes. */
  get size(): number {
    return this.#content.size;
  }

  /** Path of the link, under the server's prefix. It answers as long as a `BlobStore` retains the blob. */
  get href(): string {
    return `/blob/${this.id}`;
  }

  get media_type(): string {
    return this.mediaType;
  }

  bytes(): Promise<Uint8Array> {
    return this.#content.bytes();
  }

  stream(): Readable {
    return this.#content.stream();
  }

  save(path: string): Promise<void> {
    return this.#content.save(path);
  }

  /** Deletes a temporary file. Whoever retained the blob calls it at the end. */
  forget(): Promise<void> {
    return this.#content.forget();
  }

  toJSON(): BlobLink {
    const { href, mediaType, description } = this;
    return { href, media_type: mediaType, rel: "output", description };
  }
}

/** Marks the schema of a blob, so that links in an input can be replaced by the blobs they stand for. */
const IS_BLOB = Symbol("blob");

/**
 * The schema of a blob as an action's input or output.
 * @param mediaType - E.g. `image/jpeg`; `image/*` allows every kind of image.
 */
export function blobSchema(mediaType: string): TUnsafe<Blob> {
  const anyKind = mediaType.endsWith("/*") && `^${mediaType.slice(0, -1).replace("*", ".*")}`;
  const schema = Type.Unsafe<Blob>({
    type: "object",
    title: "Blob",
    properties: {
      href: { type: "string", format: "uri-reference" },
      media_type: anyKind
        ? { type: "string", pattern: anyKind }
        : { type: "string", const: mediaType },
      rel: { type: "string", const: "output" },
      description: { type: "string" },
    },
    required: ["href", "media_type"],
    additionalProperties: true,
  });
  return Object.assign(schema, { [IS_BLOB]: true });
}

export function isBlobSchema(schema: object): boolean {
  return IS_BLOB in schema;
}

/** Whether a value of this schema may have blobs in it. */
export function mayHoldBlobs(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return isBlobSchema(schema) || Object.values(schema).some(mayHoldBlobs);
}

function inMemory(bytes: Uint8Array): Content {
  return {
    size: bytes.length,
    bytes: async () => bytes,
    stream: () => Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)]),
    save: (path) => writeFile(path, bytes),
    forget: async () => {},
  };
}

function onDisk(path: string, size: number, temporary: boolean): Content {
  return {
    size,
    bytes: () => readRegular(path, { follow: true }),
    stream: () => createReadStream(path),
    save: (target) => copyFile(path, target),
    forget: async () => {
      if (temporary) await unlink(path);
    },
  };
}
