import { within } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { type Log, type LogLevel, logTo } from "../base/log.ts";

/** A line that a Thing, or its host, has logged. */
export interface TestLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const MAX_LINES = 10_000;

/** A log that keeps its newest 10,000 lines, to inspect and to wait for. */
export class TestLog {
  /** Give this one to a host. */
  readonly log: Log = logTo((level, message, fields = {}) => this.#add({ level, message, fields }));
  readonly #lines: TestLogLine[] = [];
  readonly #listeners = new Set<(line: TestLogLine) => void>();

  /** In the order in which they were logged. */
  get lines(): readonly TestLogLine[] {
    return this.#lines;
  }

  /** Lines of one level. */
  of(level: LogLevel): string[] {
    return this.#lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  /**
   * The first matching line, past or future.
   * @throws {ThingError} `NOT_FOUND` with all lines, if none matches within `withinMs`, 5000 ms by default.
   */
  async line(pattern: RegExp, { withinMs = 5000 } = {}): Promise<TestLogLine> {
    const known = this.#lines.find(({ message }) => pattern.test(message));
    if (known) return known;
    let listener: (line: TestLogLine) => void = () => {};
    const found = new Promise<TestLogLine>((resolve) => {
      listener = (line) => {
        if (pattern.test(line.message)) resolve(line);
      };
      this.#listeners.add(listener);
    });
    const late = () =>
      new ThingError(
        "NOT_FOUND",
        `No line of the log matched ${pattern} within ${withinMs} ms. It has:\n${this}`,
      );
    return within(found, withinMs, late).finally(() => this.#listeners.delete(listener));
  }

  /**
   * Warnings that an overloaded machine delayed the host are not the Thing's fault and do not count.
   * @throws {ThingError} `INTERNAL` with the lines, when any line is a warning or an error.
   */
  assertQuiet(): void {
    const loud = this.#lines.filter(
      ({ level, fields }) => (level === "warn" || level === "error") && fields.cause !== "machine",
    );
    if (loud.length === 0) return;
    throw new ThingError(
      "INTERNAL",
      `Warnings and errors in the log: ${loud.length}.\n${text(loud)}`,
    );
  }

  toString(): string {
    return text(this.#lines);
  }

  #add(line: TestLogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    for (const listener of [...this.#listeners]) listener(line);
  }
}

function text(lines: readonly TestLogLine[]): string {
  return lines.map(({ level, message }) => `${level}: ${message}`).join("\n");
}
