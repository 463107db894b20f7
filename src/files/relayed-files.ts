import type { TSchema } from "typebox";
import { isRecord } from "../base/values.ts";
import type { Thing } from "../core/thing.ts";

/** One request for a file of another server. */
export interface RelayedRequest {
  readonly method: "GET" | "HEAD";
  /** Its range and conditions. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Files of another server that a Thing passes on to its own clients. */
export interface RelayedFiles {
  /** Whether a property of the Thing lists such files. */
  lists(property: string): boolean;
  /**
   * The answer of the other server: a success, or 304.
   * @param path - The file's id, and the name of a part.
   * @throws {ThingError} that of the other server; `DISCONNECTED`.
   */
  fetch(property: string, path: readonly string[], request: RelayedRequest): Promise<Response>;
}

const relays = new WeakMap<Thing, RelayedFiles>();

/** From now on the files are served below the Thing's properties that list them. */
export function relayFiles(thing: Thing, files: RelayedFiles): void {
  relays.set(thing, files);
}

export function relayedFilesOf(thing: Thing): RelayedFiles | undefined {
  return relays.get(thing);
}

/** Whether values of this schema have links to files, as `storedFileSchema` describes them. */
export function hasFiles(schema: TSchema): boolean {
  if (Array.isArray(schema)) return schema.some(hasFiles);
  if (!isRecord(schema)) return false;
  const { title, properties } = schema;
  const isFile = title === "File" && isRecord(properties) && isRecord(properties.href);
  return isFile || Object.values(schema).some((one) => hasFiles(one as TSchema));
}
