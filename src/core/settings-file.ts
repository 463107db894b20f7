import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/**
 * One JSON object on disk, saved whole or not at all.
 *
 * A save writes a temporary file, syncs it, keeps the present file as `.prev`, renames the new one over it and syncs
 * the folder. A file that cannot be read is set aside as `.broken-TIME`, never overwritten.
 */
export class SettingsFile {
  readonly path: string;
  readonly #log: Log;
  #wanted: Record<string, unknown> | undefined;
  #saving: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.path = path;
    this.#log = log;
  }

  /** The values in the file; none when there is no file or it is broken. */
  async load(): Promise<Record<string, unknown>> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
    try {
      const values: unknown = JSON.parse(text);
      if (isRecord(values)) return values;
      await this.#setAside("it holds no JSON object");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      await this.#setAside(messageOf(error));
    }
    return {};
  }

  /** Saves `values`; resolves when they are on disk. Saves asked for while one runs become one. */
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
      await this.#replace(text);
    }
  }

  async #replace(text: string): Promise<void> {
    const folder = dirname(this.path);
    const temporary = `${this.path}.new`;
    await mkdir(folder, { recursive: true });
    await writeAndSync(temporary, text);
    await this.#keepPrevious();
    await rename(temporary, this.path);
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  }

  async #keepPrevious(): Promise<void> {
    const present = await readFile(this.path).catch(() => undefined);
    if (!present) return;
    await writeAndSync(`${this.path}.prev.new`, present);
    await rename(`${this.path}.prev.new`, `${this.path}.prev`);
  }

  async #setAside(why: string): Promise<void> {
    const aside = `${this.path}.broken-${new Date().toISOString().replaceAll(":", "")}`;
    await rename(this.path, aside);
    this.#log.warn(
      `The settings file ${this.path} cannot be used (${why}), so defaults are. It was set aside as ${aside}: mend it, rename it back and restart.`,
    );
  }
}

async function writeAndSync(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
