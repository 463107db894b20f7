import { pino } from "pino";
import { countedLimit } from "../base/limit-hits.ts";
import type { Log, LogLevel } from "../base/log.ts";
import { FloodGate } from "../base/log-flood.ts";
import { filedLog, type LogFolder, SERVER_LOG } from "../base/log-folder.ts";
import { cut, visible } from "../base/preview.ts";
import { redact } from "../base/redact.ts";
import { redactText } from "../base/redact-text.ts";

export interface ProcessLog extends Log {
  /** Tells the person who started this process: a bare line where lines are readable, else one more at level info. */
  say(message: string, fields?: Record<string, unknown>): void;
  /** Whether `show` has somebody to show things to: the output is a terminal. */
  readonly isShown: boolean;
  /** Shows the person at the terminal what no log may keep, as it is; nobody else sees it. */
  show(text: string): void;
  /** Resolves when everything that was said is written, or after half a second when nobody reads it. */
  written(): Promise<void>;
}

interface LogOptions {
  /** Also what only a developer wants to read. */
  debug?: boolean;
  /** Short lines instead of JSON. */
  readable?: boolean;
  /** File descriptor: 1, the standard output. */
  fd?: number;
}

/** What may wait for a reader that does not read, before lines are dropped: nothing waits for a log. */
const MAX_WAITING_BYTES = 1024 * 1024;

const LONGEST_FLUSH_MS = 500;
const LONGEST_LINE = 2000; // characters
const LONGEST_LOOK = 20_000; // what is behind is not even looked at

const waitingLimit = countedLimit("log_output_lines");

/** The log of this process: JSON lines, or short ones for a person, without passwords and tokens. */
export function pinoLog({ debug = false, readable = false, fd = 1 }: LogOptions = {}): ProcessLog {
  const output = new Output(fd);
  const logger = pino(
    { level: debug ? "debug" : "info", base: null, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write: (line: string) => {
        output.write(`${visible(readable ? readableLine(line) : line.trimEnd())}\n`);
      },
    },
  );
  const write = (level: LogLevel, message: string, fields: Record<string, unknown> = {}) => {
    const words = cut(redactText(cut(message, LONGEST_LOOK)), LONGEST_LINE);
    logger[level](redact(fields), words);
  };
  const flood = new FloodGate((level, sentence) => write(level, sentence));
  const line = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    const isTold = debug || level !== "debug";
    if (isTold && flood.passes(level, message)) write(level, message, fields);
  };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    say: (message, fields) => {
      if (readable) output.write(`${visible(redactText(message))}\n`);
      else write("info", message, fields);
    },
    isShown: readable,
    show: (text) => {
      if (readable) output.write(`${text}\n`);
    },
    written: () => {
      flood.flush();
      return output.written();
    },
  };
}

/** The same log, which the server's log file has too, where files are kept. */
export function filedProcessLog(log: ProcessLog, files: LogFolder | undefined): ProcessLog {
  if (!files) return log;
  const file = files.log(SERVER_LOG);
  return {
    ...log,
    ...filedLog(log, files, SERVER_LOG),
    say: (message, fields) => {
      log.say(message, fields);
      file.info(message, fields);
    },
    written: async () => {
      await Promise.all([log.written(), files.written()]);
    },
  };
}

/** A file descriptor that is written to in the background and in order; pino's own synchronous flush would overtake. */
class Output {
  readonly #destination: ReturnType<typeof pino.destination>;
  #isBusy = false;
  #busySince = 0;
  #waiting: (() => void)[] = [];

  constructor(fd: number) {
    this.#destination = pino.destination({ fd, sync: false, maxLength: MAX_WAITING_BYTES });
    this.#destination.on("drain", () => this.#becomeIdle());
    this.#destination.on("drop", () => waitingLimit.hit());
    this.#destination.on("error", () => this.#becomeIdle()); // The reader has gone: there is nobody to tell.
    process.prependListener("exit", () => this.#giveUp());
  }

  write(line: string): void {
    if (!this.#isBusy) this.#busySince = performance.now();
    this.#isBusy = true;
    this.#destination.write(line);
  }

  written(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => {
      setTimeout(resolve, LONGEST_FLUSH_MS).unref();
      this.#waiting.push(resolve);
    });
  }

  /** At its exit pino writes what is left, however long nobody reads it: that would keep the process from ending. */
  #giveUp(): void {
    const isUnread = this.#isBusy && performance.now() - this.#busySince >= LONGEST_FLUSH_MS;
    if (isUnread) this.#destination.destroy();
  }

  #becomeIdle(): void {
    this.#isBusy = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const LEVEL_WORDS: Readonly<Record<number, string>> = {
  20: "debug ",
  40: "warning ",
  50: "error ",
};

/** `12:03:04 warning camera: The cable is out. {"port":3}` */
function readableLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
  return `${clock} ${LEVEL_WORDS[Number(level)] ?? ""}${msg}${rest}`;
}
