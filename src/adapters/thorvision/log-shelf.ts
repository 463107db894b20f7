import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { now, toDateTime } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { type Log, logTo } from "../../base/log.ts";

/** Texts that can be read by name, wherever they are. */
export interface LogShelf {
  list(): Promise<string[]>;
  read(name: string): Promise<string | undefined>;
}

const LARGEST_FILE = 1_000_000; // bytes; then it is set aside as NAME.1.log, in place of the one before
const MOST_FILES = 100;
const MOST_WAITING = 64_000; // characters that a slow disk has not taken yet

/** Logs of child processes in a folder, a file each. A name is looked for among those that are there; it is never a path. */
export class LogFolder implements LogShelf {
  readonly #folder: string;
  readonly #log: Log;
  readonly #files = new Map<string, LogFile>();

  /** @param log - Gets every line too. */
  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => name.endsWith(".log")).sort();
  }

  async read(name: string): Promise<string | undefined> {
    if (!(await this.list()).includes(name)) return undefined;
    return readFile(join(this.#folder, name), "utf8").catch(() => undefined);
  }

  /** A log whose lines go to `NAME.log`. */
  logOf(name: string): Log {
    const path = join(this.#folder, `${name}.log`);
    const file = this.#files.get(name) ?? new LogFile(path, this.#log);
    this.#files.set(name, file);
    return logTo((level, message) => {
      this.#log[level](`${name}: ${message}`);
      file.add(`${toDateTime(now())} ${level.toUpperCase()} ${message}\n`);
    });
  }

  /** Removes what is beyond a hundred files, oldest first: names come and go with ports. */
  async tidy(): Promise<void> {
    const names = await this.list();
    const times = await Promise.all(
      names.map(async (name) => ({ name, at: await changedAt(join(this.#folder, name)) })),
    );
    const oldest = times.sort((a, b) => b.at - a.at).slice(MOST_FILES);
    await Promise.all(oldest.map(({ name }) => rm(join(this.#folder, name), { force: true })));
  }

  /** Resolves when what was logged until now is in the files. */
  async written(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.written));
  }
}

/** A file that lines are added to. Who adds waits for nothing; what a disk does not take in time is left out, and told of. */
class LogFile {
  written: Promise<void> = Promise.resolve();
  readonly #path: string;
  readonly #log: Log;
  #waiting = "";
  #leftOut = 0;
  #isWriting = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  add(line: string): void {
    if (this.#waiting.length + line.length > MOST_WAITING) this.#leftOut++;
    else this.#waiting += line;
    if (!this.#isWriting) this.written = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      while (this.#waiting !== "") {
        const text =
          this.#leftOut > 0 ? `${this.#waiting}${this.#leftOut} lines left out\n` : this.#waiting;
        this.#waiting = "";
        this.#leftOut = 0;
        await this.#setAsideIfLarge();
        await appendFile(this.#path, text);
      }
    } catch (error) {
      this.#waiting = "";
      this.#log.warn(`${this.#path} cannot be written: ${messageOf(error)}`);
    } finally {
      this.#isWriting = false;
    }
  }

  async #setAsideIfLarge(): Promise<void> {
    const size = await stat(this.#path).then(
      (file) => file.size,
      () => 0,
    );
    if (size > LARGEST_FILE) await rename(this.#path, this.#path.replace(/\.log$/, ".1.log"));
  }
}

function changedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
