import type { Output } from "./client-output.ts";

const WIDTH = 30;

/** One line at the bottom of a terminal that says how far something is; notes scroll by above it. */
export class ProgressBar {
  readonly #terminal: Output;
  #line = "";

  constructor(terminal: Output) {
    this.#terminal = terminal;
  }

  /** @param fraction - 0 to 1; undefined where nobody knows the end: the message alone is shown. */
  show(fraction: number | undefined, message = ""): void {
    if (fraction === undefined) {
      this.#draw(message);
      return;
    }
    const filled = Math.round(fraction * WIDTH);
    const bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
    const percent = `${Math.round(fraction * 100)}`.padStart(3);
    this.#draw(`[${bar}] ${percent} %  ${message}`);
  }

  note(line: string): void {
    const bar = this.#line;
    this.clear();
    this.#terminal.write(`${line}\n`);
    if (bar) this.#draw(bar);
  }

  clear(): void {
    if (this.#line) this.#terminal.write("\r\x1b[K");
    this.#line = "";
  }

  /** A line that is too long would wrap, and could not be taken back. */
  #draw(line: string): void {
    this.#line = line.trimEnd().slice(0, (this.#terminal.columns ?? 80) - 1);
    this.#terminal.write(`\r\x1b[K${this.#line}`);
  }
}
