/** How much a line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a part says what it does. The message is a sentence; `fields` are for machines. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** Where log files are kept: takes the lines that a program of this part writes, into a file of its own. */
  readonly program?: ((name: string) => (line: string) => void) | undefined;
}

/** Says nothing: for tests and for code that runs before a log exists. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/**
 * A log that hands each line to `sink`.
 * @param program - Where the lines of programs go, e.g. that of the log behind this one.
 */
export function logTo(
  sink: (level: LogLevel, message: string, fields?: Record<string, unknown>) => void,
  program?: Log["program"],
): Log {
  return {
    program,
    debug: (message, fields) => sink("debug", message, fields),
    info: (message, fields) => sink("info", message, fields),
    warn: (message, fields) => sink("warn", message, fields),
    error: (message, fields) => sink("error", message, fields),
  };
}

/** The same log with a name before each line, e.g. `camera: `. */
export function namedLog(log: Log, name: string): Log {
  return logTo((level, message, fields) => log[level](`${name}: ${message}`, fields), log.program);
}
