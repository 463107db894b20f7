import { createHash } from "node:crypto";
import { ThingError } from "../base/errors.ts";
import { quoted } from "../base/preview.ts";
import { StoredFile, type StoredFileOptions } from "./stored-file.ts";

const TELL_AFTER_MS = 100;

/**
 * Files that a Thing lets clients fetch. A client knows each by an id that is the same after every restart and says nothing
 * of where the file lies; no path of a client is ever looked up on the disk.
 */
export class FileCollection {
  /** Below what path of the server they are fetched: `/recorder/recordings`. Whoever holds the collection says so. */
  path = "";
  readonly #files = new Map<string, StoredFile>();
  readonly #onChange: () => void;
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange - Called soon after files were added, have changed or are gone: once for many at a time. */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  /** Newest first. */
  get list(): StoredFile[] {
    return [...this.#files.values()].sort(newestFirst);
  }

  /** Those that are still being written. */
  get growing(): StoredFile[] {
    return [...this.#files.values()].filter(({ isGrowing }) => isGrowing);
  }

  /** Adds a file, or says anew what is to be said of one. */
  put(options: StoredFileOptions): StoredFile {
    const file = new StoredFile(idOf(options.path), this.path, options);
    this.#files.set(file.id, file);
    this.#tell();
    return file;
  }

  /** The file of this id, if there is one. */
  find(id: string): StoredFile | undefined {
    return this.#files.get(id);
  }

  /** The file at a place on the disk, if it is one of them. */
  at(path: string): StoredFile | undefined {
    return this.#files.get(idOf(path));
  }

  /** @throws {ThingError} `NOT_FOUND`. */
  get(id: string): StoredFile {
    const file = this.#files.get(id);
    if (file) return file;
    throw new ThingError(
      "NOT_FOUND",
      `There is no file ${quoted(id)}: it never was, or it is deleted.`,
    );
  }

  /** A file is gone, whoever removed it. */
  forget(path: string): void {
    if (this.#files.delete(idOf(path))) this.#tell();
  }

  /** Removes a file and all that belongs to it. @throws {ThingError} `NOT_FOUND`; `LOCK_BUSY` while it is written. */
  async delete(id: string): Promise<void> {
    const file = this.get(id);
    if (file.isGrowing) {
      throw new ThingError("LOCK_BUSY", `'${file.name}' is still being written. Stop that first.`);
    }
    await file.remove();
    this.forget(file.path);
  }

  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#onChange();
    }, TELL_AFTER_MS);
  }
}

/** The order of a list of files. Two of one moment have an order, too. */
export function newestFirst(
  a: Pick<StoredFile, "createdAt" | "id">,
  b: Pick<StoredFile, "createdAt" | "id">,
): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function idOf(path: string): string {
  return createHash("sha256").update(path).digest("base64url").slice(0, 16);
}
