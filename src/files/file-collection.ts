import { ThingError } from "../base/errors.ts";
import { quoted } from "../base/preview.ts";
import { FileStore, idOf } from "./file-store.ts";
import { StoredFile, type StoredFileOptions } from "./stored-file.ts";

const TELL_AFTER_MS = 100;

/** What is another since the last call of `onChange`. */
export interface FileChanges {
  /** As they are now: those that have come, or of which something else is to be said. */
  readonly changed: StoredFile[];
  /** Ids of those that are gone. */
  readonly removed: string[];
}

/**
 * Files that a Thing lets clients fetch. A client knows each by an id that is the same after every restart and says nothing
 * of where the file lies; no path of a client is ever looked up on the disk.
 */
export class FileCollection {
  /** Below what path of the server they are fetched: `/recorder/recordings`. Whoever holds the collection says so. */
  path = "";
  readonly #onChange: (changes: FileChanges) => void;
  #store = new FileStore();
  #endFollowing: () => void;
  readonly #changed = new Set<string>();
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange - Called soon after files were added, have changed or are gone: once for many at a time. */
  constructor(onChange: (changes: FileChanges) => void = () => {}) {
    this.#onChange = onChange;
    this.#endFollowing = this.#store.onChange((id) => this.#tell([id]));
  }

  /** Lists what is in this store from now on, beside all others that list it. */
  share(store: FileStore): void {
    this.#endFollowing();
    this.#tell(this.#store.all.keys());
    this.#store = store;
    this.#endFollowing = store.onChange((id) => this.#tell([id]));
    this.#tell(store.all.keys());
  }

  /** Is told of no more changes of a store that others go on with. */
  unshare(): void {
    this.#endFollowing();
  }

  get count(): number {
    return this.#store.all.size;
  }

  /** Newest first. */
  get list(): StoredFile[] {
    return [...this.#store.all].map((one) => this.#file(...one)).sort(newestFirst);
  }

  /** Those that are still being written. */
  get growing(): StoredFile[] {
    return [...this.#store.all]
      .filter(([, { isGrowing }]) => isGrowing)
      .map((one) => this.#file(...one));
  }

  /** Adds a file, or says anew what is to be said of one. */
  put(options: StoredFileOptions): StoredFile {
    return this.#file(this.#store.put(options), options);
  }

  /** The file of this id, if there is one. */
  find(id: string): StoredFile | undefined {
    const options = this.#store.all.get(id);
    return options && this.#file(id, options);
  }

  /** The file at a place on the disk, if it is one of them. */
  at(path: string): StoredFile | undefined {
    return this.find(idOf(path));
  }

  /** @throws {ThingError} `NOT_FOUND`. */
  get(id: string): StoredFile {
    const file = this.find(id);
    if (file) return file;
    throw notFound(id);
  }

  /** A file is gone, whoever removed it. */
  forget(path: string): void {
    this.#store.forget(path);
  }

  /** Removes a file and all that belongs to it. @throws {ThingError} `NOT_FOUND`; `LOCK_BUSY` while it is written. */
  async delete(id: string): Promise<void> {
    const isDone = await this.#store.delete(id, (options) => {
      const file = this.#file(id, options);
      if (!file.isGrowing) return file.remove();
      const why = `'${file.name}' is still being written. Stop the recording first.`;
      return Promise.reject(new ThingError("LOCK_BUSY", why));
    });
    if (!isDone) throw notFound(id);
  }

  #file(id: string, options: StoredFileOptions): StoredFile {
    return new StoredFile(id, this.path, options);
  }

  #tell(ids: Iterable<string>): void {
    for (const id of ids) this.#changed.add(id);
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const found = [...this.#changed].map((id) => [id, this.find(id)] as const);
      this.#changed.clear();
      this.#onChange({
        changed: found.flatMap(([, file]) => file ?? []),
        removed: found.flatMap(([id, file]) => (file ? [] : id)),
      });
    }, TELL_AFTER_MS);
  }
}

function notFound(id: string): ThingError {
  const why = `There is no file ${quoted(id)}: it never existed, or was deleted.`;
  return new ThingError("NOT_FOUND", why);
}

/** The order of a list of files. Two of one moment have an order, too. */
export function newestFirst(
  a: Pick<StoredFile, "createdAt" | "id">,
  b: Pick<StoredFile, "createdAt" | "id">,
): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}
