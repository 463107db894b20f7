import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { reasonOf } from "./errors.ts";
import { type Log, type LogLevel, logTo, silentLog } from "./log.ts";
import { FloodGate } from "./log-flood.ts";
import { makeFolders } from "./make-folders.ts";
import { cut, visible } from "./preview.ts";
import { redact } from "./redact.ts";
import { redactText } from "./redact-text.ts";
import { RotatingFile } from "./rotating-file.ts";

/** Log files as somebody reads them: by name, never by path. */
interface LogShelf {
  /** The names of the files: `camera.log`, and `camera.log.1` for what came before it. */
  list(): Promise<string[]>;
  /** The text of a file; undefined where there is none of this name. */
  read(name: string): Promise<string | undefined>;
}

/** A line that was said, and the name of its file. */
interface LoggedLine {
  readonly file: string;
  readonly line: string;
}

/** A log file as it is now. */
interface ListedLog {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** How much is kept. */
export interface LogFolderOptions {
  /** How large a file grows before a new one is begun, bytes: 1 MB. */
  readonly maxBytes?: number;
  /** How many files there are of each, the one that grows included: 3. */
  readonly keep?: number;
  /** How long after a failure it is tried again, ms: 5,000. */
  readonly retryMs?: number;
  /** Told when the disk takes nothing, once a minute at most. */
  readonly log?: Log;
}

/** The name of the log of what the server itself says, beside its Things. */
export const SERVER_LOG = "thingscope";

const LOG_FILE = /\.log(\.\d+)?$/;
const NOT_IN_A_NAME = /[^A-Za-z0-9_.-]/g;
const LONGEST_NAME = 100;
const LONGEST_LINE = 2_000; // characters
const LONGEST_LOOK = 20_000; // what is behind is not even looked at
const WRITTEN_WITHIN_MS = 500;
const SAY_AGAIN_AFTER_MS = 60_000;

/**
 * A folder of log files, each of bounded size. Nobody waits for the disk: lines are written in the background, one file
 * after the other, so that a disk that hangs holds one thread and no more. What it does not take is counted.
 */
export class LogFolder implements LogShelf {
  readonly folder: string;
  readonly #options: LogFolderOptions;
  readonly #files = new Map<string, RotatingFile>();
  readonly #listeners = new Set<{ onLine(line: LoggedLine): void; onLeftOut(): void }>();
  readonly #flood = new FloodGate((level, sentence, name) => {
    this.log(name || SERVER_LOG)[level](sentence);
  });
  #writing: Promise<void> | undefined;
  #isPaused = false;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, options: LogFolderOptions = {}) {
    this.folder = folder;
    this.#options = options;
  }

  /** How many lines are in no file because the disk was slow, or failed. */
  get lost(): number {
    return [...this.#files.values()].reduce((sum, { lost }) => sum + lost, 0);
  }

  /** A log that goes to the file `{name}.log`: what matters, without what is for developers, and without secrets. */
  log(name: string): Log {
    const add = this.#adderOf(`${name}.log`);
    return logTo(
      (level, message, fields) => {
        if (level === "debug") return;
        const more = fields ? ` ${JSON.stringify(redact(fields))}` : "";
        add(`${level.padEnd(5)} ${message}${more}`);
      },
      (program) => this.#adderOf(`${name}.${basename(program)}.log`),
    );
  }

  /**
   * Whether a line of the file `{name}.log` is written: one that is said again and again is counted instead, and the
   * file told every ten seconds how many there were.
   */
  passes(level: LogLevel, message: string, name: string): boolean {
    if (level === "debug" || this.#flood.passes(level, message, name)) return true;
    for (const { onLeftOut } of [...this.#listeners]) onLeftOut();
    return false;
  }

  /**
   * Calls `onLine` with each line, until the returned function is called.
   * @param onLeftOut - Called for each line that is counted instead of written.
   */
  onLine(onLine: (line: LoggedLine) => void, onLeftOut = () => {}): () => void {
    const listener = { onLine, onLeftOut };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []); // nothing was said yet
    return names.filter((name) => LOG_FILE.test(name)).sort();
  }

  /** The files that there are, with their sizes in bytes and their times in epoch ms. */
  async files(): Promise<ListedLog[]> {
    const paths = (await this.list()).map((name) => join(this.folder, name));
    const looked = paths.map((path) => stat(path).catch(() => undefined));
    const stats = await Promise.all(looked); // undefined: it was turned over in between
    return paths.flatMap((path, n) => {
      const { size, birthtimeMs: createdAt } = stats[n] ?? {};
      return size === undefined || createdAt === undefined ? [] : [{ path, size, createdAt }];
    });
  }

  async read(name: string): Promise<string | undefined> {
    if (!(await this.list()).includes(name)) return undefined; // no name of a caller is ever looked up on the disk
    return readFile(join(this.folder, name), "utf8").catch(() => undefined); // it was turned over in between
  }

  /** Resolves when what was said is in the files, or the disk has failed, or half a second is over: nobody waits for a disk. */
  async written(): Promise<void> {
    this.#flood.flush();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, WRITTEN_WITHIN_MS);
    });
    while (this.#writing && !this.#isPaused && !isLate) await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  #adderOf(wanted: string): (text: string) => void {
    const file = wanted.replace(NOT_IN_A_NAME, "_").slice(-LONGEST_NAME);
    return (text) => {
      const words = cut(redactText(cut(text, LONGEST_LOOK)), LONGEST_LINE);
      const line = `${new Date().toISOString()} ${visible(words)}`;
      this.#fileOf(file).add(`${line}\n`);
      this.#writing ??= this.#write();
      for (const { onLine } of [...this.#listeners]) onLine({ file, line });
    };
  }

  #fileOf(name: string): RotatingFile {
    const known = this.#files.get(name);
    if (known) return known;
    const { maxBytes = 1_000_000, keep = 3 } = this.#options;
    const file = new RotatingFile(join(this.folder, name), { maxBytes, keep });
    this.#files.set(name, file);
    return file;
  }

  async #write(): Promise<void> {
    try {
      await makeFolders(this.folder);
      for (let file = this.#nextWaiting(); file; file = this.#nextWaiting()) await file.write();
      this.#writing = undefined;
    } catch (error) {
      this.#complain(error);
      this.#isPaused = true;
      setTimeout(() => {
        this.#isPaused = false;
        this.#writing = this.#nextWaiting() && this.#write();
      }, this.#options.retryMs ?? 5_000).unref();
    }
  }

  #nextWaiting(): RotatingFile | undefined {
    for (const file of this.#files.values()) if (file.isWaiting) return file;
    return undefined;
  }

  #complain(error: unknown): void {
    if (performance.now() - this.#saidAt < SAY_AGAIN_AFTER_MS) return;
    this.#saidAt = performance.now();
    const { log = silentLog } = this.#options;
    log.warn(
      `Log files cannot be written in ${this.folder}: ${reasonOf(error)}. Writing is retried; lines that cannot wait are counted as lost.`,
    );
  }
}

/** The same log, whose lines go into the file `{name}.log` too where files are kept. */
export function filedLog(log: Log, files: LogFolder | undefined, name: string): Log {
  const file = files?.log(name);
  if (!file) return log;
  return logTo((level, message, fields) => {
    log[level](message, fields);
    if (files?.passes(level, message, name)) file[level](message, fields);
  }, file.program);
}
