import { copyFile, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, messageOf, reasonOf, ThingError } from "../base/errors.ts";
import { parseExactly } from "../base/exact-numbers.ts";
import type { Log } from "../base/log.ts";
import { makeFolders } from "../base/make-folders.ts";
import { rememberMount, unmounted } from "../base/mounts.ts";
import { readRegular } from "../base/regular-file.ts";
import { syncFile, syncFolder } from "../base/sync-folder.ts";
import { isRecord } from "../base/values.ts";

/**
 * One JSON object on disk, saved whole or not at all.
 *
 * A save writes a temporary file, syncs it, keeps the present file as `.prev`, renames the new one over it and syncs
 * the folder. A file that cannot be used is set aside as `.broken-TIME`, never overwritten; one that somebody else has
 * changed since it was last read or written here is kept as `.edited-TIME`.
 */
export class SettingsFile {
  readonly path: string;
  readonly #log: Log;
  #wanted: Record<string, unknown> | undefined;
  #saving: Promise<void> | undefined;
  #copyAs: string | undefined;
  /** What it held when it was last read or written here; undefined when there was none, null before that. */
  #text: string | undefined | null = null;

  constructor(path: string, log: Log) {
    this.path = path;
    this.#log = log;
  }

  /** What the file held when it was last read or written here; undefined when that was nothing. */
  get text(): string | undefined {
    return this.#text ?? undefined;
  }

  /**
   * The values in the file; none when there is no file or it cannot be used.
   * @throws {ThingError} `NOT_READY` when the machine cannot read any file just now; `NOT_SAVED` when it can neither be used nor set aside.
   */
  async load(): Promise<Record<string, unknown>> {
    const before = this.#text;
    this.#text = undefined;
    try {
      const text = (await readRegular(this.path, { follow: true })).toString("utf8");
      await rememberMount(dirname(this.path));
      const values = parseExactly(text);
      this.#text = text;
      if (isRecord(values)) return values;
      await this.#setAside("it does not contain a JSON object");
    } catch (error) {
      const shortage = SHORTAGES[codeOf(error)];
      if (shortage) {
        this.#text = before;
        const sentence = `The settings file ${this.path} could not be read, and is left unchanged: ${shortage} (${codeOf(error)}). Then open the Thing again.`;
        throw new ThingError("NOT_READY", sentence, { cause: error });
      }
      if (!isMissing(error)) await this.#setAside(messageOf(error));
    }
    return {};
  }

  /** The next save keeps a copy of the present file, which has values that could not be used. @returns Its path. */
  copyBeforeSave(): string {
    this.#copyAs ??= this.#asidePath("broken");
    return this.#copyAs;
  }

  /** Saves `values`; resolves when they are on disk. Saves asked for while one runs become one. @throws {ThingError} `NOT_SAVED`. */
  async save(values: Record<string, unknown>): Promise<void> {
    this.#wanted = values;
    this.#saving ??= this.#saveWanted().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  async #saveWanted(): Promise<void> {
    while (this.#wanted) {
      const text = `${JSON.stringify(this.#wanted, undefined, 4)}\n`;
      this.#wanted = undefined;
      await this.#replace(text).catch((cause) => {
        throw new ThingError(
          "NOT_SAVED",
          `Settings could not be saved in ${this.path}: ${reasonOf(cause)}. Free space there or repair the folder, or choose another with --settings.`,
          { cause },
        );
      });
    }
  }

  async #replace(text: string): Promise<void> {
    const folder = dirname(this.path);
    const temporary = `${this.path}.new`;
    const why = await unmounted(folder);
    if (why) throw new Error(why);
    await makeFolders(folder);
    await rememberMount(folder);
    await writeAndSync(temporary, text);
    await this.#keepPrevious();
    await rename(temporary, this.path);
    this.#text = text;
    await syncFolder(folder);
  }

  async #keepPrevious(): Promise<void> {
    const present = await readRegular(this.path, { follow: true }).catch(() => undefined);
    if (!present) return;
    await this.#keepEdited(present.toString("utf8"));
    await writeAndSync(`${this.path}.prev.new`, present);
    if (this.#copyAs !== undefined) await copyFile(this.path, this.#copyAs);
    this.#copyAs = undefined;
    await rename(`${this.path}.prev.new`, `${this.path}.prev`);
  }

  async #keepEdited(present: string): Promise<void> {
    if (this.#text === null || this.#text === present) return;
    const aside = this.#asidePath("edited");
    await copyFile(this.path, aside);
    this.#log.warn(
      `The settings file ${this.path} was changed by another program while this server used it. That version is kept as ${aside}, and the server's own values replace it. Stop the server before you edit the file.`,
    );
  }

  #asidePath(why: "broken" | "edited"): string {
    return `${this.path}.${why}-${new Date().toISOString().replaceAll(":", "")}`;
  }

  async #setAside(why: string): Promise<void> {
    const aside = this.#asidePath("broken");
    await rename(this.path, aside).catch((cause) => {
      throw new ThingError(
        "NOT_SAVED",
        `The settings file ${this.path} cannot be used (${why}) and could not be set aside: ${reasonOf(cause)}. Fix or remove it, then start again.`,
        { cause },
      );
    });
    this.#log.warn(
      `The settings file ${this.path} cannot be used (${why}), so the defaults are used. It was set aside as ${aside}: fix it, rename it back and restart.`,
    );
  }
}

async function writeAndSync(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, "w", 0o600);
  try {
    await handle.writeFile(content);
    await syncFile(handle);
  } finally {
    await handle.close();
  }
}

/** What the machine lacks, which says nothing about the file. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE:
    "this server has too many files and connections open. Raise the limit (ulimit -n; LimitNOFILE= of a service)",
  ENFILE:
    "too many files are open on the whole machine. Close the programs that hold them, or raise fs.file-max (sysctl)",
  ENOMEM: "there is no memory left. Close other programs, or give this machine more memory",
};

function isMissing(error: unknown): boolean {
  return /^(ENOENT|ENOTDIR)$/.test(codeOf(error));
}
