import { appendFile, rename, stat } from "node:fs/promises";
import type { FoundIn } from "./events.ts";
import { Consumer } from "./producer.ts";

/** How events are written, and how large a file may grow. */
export interface LogFileWriterOptions<E = unknown> {
  /** An event's line without a line end. Default: its JSON. */
  readonly serializer?: ((event: E, of: FoundIn) => string) | undefined;
  /** A file that would exceed this is renamed to `NAME.1`, replacing an older one, and a new one begun. Default 100 MB. */
  readonly maxBytes?: number | undefined;
}

/** Writes each event as a line of JSON to a file: pythiags' LogFileWriter. */
export class LogFileWriter<E = unknown> extends Consumer<E> {
  readonly path: string;
  readonly #serializer: (event: E, of: FoundIn) => string;
  readonly #maxBytes: number;
  #size: number | undefined;

  constructor(
    path: string,
    {
      serializer = (event) => JSON.stringify(event),
      maxBytes = 100e6,
    }: LogFileWriterOptions<E> = {},
  ) {
    super();
    this.path = path;
    this.#serializer = serializer;
    this.#maxBytes = maxBytes;
  }

  /** @throws {Error} The system's error if the file cannot be written. */
  override async incoming(events: readonly E[], of: FoundIn): Promise<void> {
    const lines = events.map((event) => `${this.#serializer(event, of)}\n`).join("");
    const bytes = Buffer.byteLength(lines);
    this.#size ??= await sizeOf(this.path);
    if (this.#size > 0 && this.#size + bytes > this.#maxBytes) {
      await rename(this.path, `${this.path}.1`);
      this.#size = 0;
    }
    try {
      await appendFile(this.path, lines);
      this.#size += bytes;
    } catch (error) {
      this.#size = undefined; // a part may have been written
      throw error;
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
