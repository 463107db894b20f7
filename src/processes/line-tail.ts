import type { Log } from "../base/log.ts";
import { redactText } from "../base/redact-text.ts";

const LINES_KEPT = 20;
const LONGEST_LINE = 400; // characters
const LINES_LOGGED_PER_SECOND = 5;
const LINES_FILED_PER_SECOND = 100;

/**
 * The last lines that a program wrote to its error output. Bounded however much it writes; the log gets a few lines a
 * second, the program's own log file more of them.
 */
export class LineTail {
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #takers: readonly LinesPerSecond[];
  #unfinished = "";

  /**
   * @param program - Its name: that of its log file, where there are such files.
   * @param onLine - Called with every line.
   */
  constructor(log: Log, program: string, onLine: (line: string) => void = () => {}) {
    this.#onLine = onLine;
    const file = log.program?.(program);
    this.#takers = [
      new LinesPerSecond(LINES_LOGGED_PER_SECOND, (line) => log.debug(line)),
      ...(file ? [new LinesPerSecond(LINES_FILED_PER_SECOND, file)] : []),
    ];
  }

  /** Oldest first; 20 at most. */
  get lines(): readonly string[] {
    const unfinished = this.#unfinished.trim();
    return unfinished ? [...this.#lines, redactText(unfinished)] : [...this.#lines];
  }

  push(text: string): void {
    const pieces = (this.#unfinished + text).split(/[\r\n]+/); // ffmpeg ends its status lines with \r
    this.#unfinished = (pieces.pop() ?? "").slice(0, LONGEST_LINE);
    for (const piece of pieces) this.#add(piece.trim().slice(0, LONGEST_LINE));
  }

  /** Programs repeat the address that they were given, with its login: it is shown to clients. */
  #add(said: string): void {
    if (said === "") return;
    const line = redactText(said);
    this.#onLine(line);
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    for (const taker of this.#takers) taker.take(line);
  }
}

/** Passes on a limited number of lines a second, and the number of omitted ones. */
class LinesPerSecond {
  readonly #most: number;
  readonly #take: (line: string) => void;
  #second = 0;
  #taken = 0;
  #left = 0;

  constructor(most: number, take: (line: string) => void) {
    this.#most = most;
    this.#take = take;
  }

  take(line: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      if (this.#left > 0) this.#take(`${this.#left} more lines were not logged`);
      this.#second = second;
      this.#taken = 0;
      this.#left = 0;
    }
    if (this.#taken < this.#most) {
      this.#taken++;
      this.#take(line);
    } else {
      this.#left++;
    }
  }
}
