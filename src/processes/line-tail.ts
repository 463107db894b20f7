import type { Log } from "../base/log.ts";

const LINES_KEPT = 20;
const LONGEST_LINE = 400; // characters
const LINES_LOGGED_PER_SECOND = 5;

/** The last lines that a program wrote to its error output. Bounded however much it writes; the log gets a few lines a second. */
export class LineTail {
  readonly #log: Log;
  readonly #lines: string[] = [];
  #unfinished = "";
  #second = 0;
  #logged = 0;
  #unlogged = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Oldest first; 20 at most. */
  get lines(): readonly string[] {
    return this.#unfinished.trim() ? [...this.#lines, this.#unfinished.trim()] : [...this.#lines];
  }

  push(text: string): void {
    const pieces = (this.#unfinished + text).split(/[\r\n]+/); // ffmpeg ends its status lines with \r
    this.#unfinished = (pieces.pop() ?? "").slice(0, LONGEST_LINE);
    for (const piece of pieces) this.#add(piece.trim().slice(0, LONGEST_LINE));
  }

  #add(line: string): void {
    if (line === "") return;
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    this.#say(line);
  }

  #say(line: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      if (this.#unlogged > 0) this.#log.debug(`${this.#unlogged} more lines were not logged`);
      this.#second = second;
      this.#logged = 0;
      this.#unlogged = 0;
    }
    if (this.#logged < LINES_LOGGED_PER_SECOND) {
      this.#logged++;
      this.#log.debug(line);
    } else {
      this.#unlogged++;
    }
  }
}
