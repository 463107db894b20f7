import { createHash } from "node:crypto";
import type { StoredFileOptions } from "./stored-file.ts";

/** What is said of files, and by what ids. One store may be listed by several collections: none of them has a file that is gone. */
export class FileStore {
  readonly #files = new Map<string, StoredFileOptions>();
  readonly #removals = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(id: string) => void>();

  /** Each file by its id. */
  get all(): ReadonlyMap<string, StoredFileOptions> {
    return this.#files;
  }

  /** Calls `listener` with the id of each file that comes, changes or goes. @returns how that ends. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Adds a file, or says anew what is to be said of one. @returns its id. */
  put(options: StoredFileOptions): string {
    const id = idOf(options.path);
    this.#files.set(id, options);
    this.#tell(id);
    return id;
  }

  forget(path: string): void {
    const id = idOf(path);
    if (this.#files.delete(id)) this.#tell(id);
  }

  /**
   * Removes a file by `remove`, and forgets it. Of several who want that at once, one does it.
   * @returns false when another one had removed it, or it is not here.
   */
  async delete(id: string, remove: (file: StoredFileOptions) => Promise<void>): Promise<boolean> {
    for (let other = this.#removals.get(id); other; other = this.#removals.get(id)) {
      await other.catch(() => {}); // told to whom asked for that: now it is this one's turn
    }
    const file = this.#files.get(id);
    if (!file) return false;
    const removal = remove(file)
      .then(() => this.forget(file.path))
      .finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
    await removal;
    return true;
  }

  #tell(id: string): void {
    for (const listener of [...this.#listeners]) listener(id);
  }
}

/** The same after every restart; it says nothing of where the file lies. */
export function idOf(path: string): string {
  return createHash("sha256").update(path).digest("base64url").slice(0, 16);
}
