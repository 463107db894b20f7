import { now } from "./clock.ts";
import { countedLimit } from "./limit-hits.ts";
import type { LogLevel } from "./log.ts";
import { cut } from "./preview.ts";

const WINDOW_MS = 10_000;
/** Lines of one kind that a window passes. */
const LINES_OF_A_KIND = 20;
/** Kinds that are told apart in a window; the lines of others pass while there is room. */
const MOST_KINDS = 200;
const MOST_SUMMARIES = 20;
const LONGEST_KIND = 200; // characters
/** With what may come at once, this makes a million characters in any minute. */
const CHARACTERS_PER_SECOND = 12_500;
const CHARACTERS_AT_ONCE = 250_000;
/** What is not for warnings and errors stops earlier, so that these are still written. */
const KEPT_FOR_FAULTS = 100_000;

const foldedLimit = countedLimit("log_lines_of_a_kind");
const roomLimit = countedLimit("log_characters");

interface Kind {
  readonly level: LogLevel;
  readonly file: string;
  readonly example: string;
  lines: number;
}

/** Says what was left out: into the log of `file`. */
type Summarise = (level: LogLevel, sentence: string, file: string) => void;

/**
 * Keeps a log readable, and its disk free, while something is said again and again: of each kind of line the first 20 in
 * ten seconds pass, and the rest is counted; all lines together are a million characters a minute at most.
 */
export class FloodGate {
  readonly #summarise: Summarise;
  #kinds = new Map<string, Kind>();
  #leftOut = 0;
  #room = CHARACTERS_AT_ONCE;
  #roomAt = now();
  #window: ReturnType<typeof setTimeout> | undefined;

  constructor(summarise: Summarise) {
    this.#summarise = summarise;
  }

  /**
   * Whether a line is written.
   * @param file - Lines of different files are not of one kind.
   */
  passes(level: LogLevel, message: string, file = ""): boolean {
    this.#window ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    const key = `${level} ${file} ${kindOf(message)}`;
    const kind = this.#kinds.get(key) ?? { level, file, example: message, lines: 0 };
    if (this.#kinds.size < MOST_KINDS) this.#kinds.set(key, kind);
    kind.lines += 1;
    if (kind.lines > LINES_OF_A_KIND) {
      foldedLimit.hit();
      return false;
    }
    return this.#takeRoom(level, message.length);
  }

  /** Ends the ten seconds: says what was left out of them. */
  flush(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    const kinds = [...this.#kinds.values()].filter(({ lines }) => lines > LINES_OF_A_KIND);
    const seconds = `in ${WINDOW_MS / 1000} s`;
    for (const { level, file, example, lines } of kinds.slice(0, MOST_SUMMARIES)) {
      const more = (lines - LINES_OF_A_KIND).toLocaleString("en");
      this.#summarise(
        level,
        `... ${more} more ${seconds} like: ${cut(example, LONGEST_KIND)}`,
        file,
      );
    }
    if (this.#leftOut > 0) {
      const more = this.#leftOut.toLocaleString("en");
      const why = "the log is limited to a million characters a minute";
      this.#summarise("warn", `... ${more} other lines left out ${seconds}: ${why}.`, "");
    }
    this.#kinds = new Map();
    this.#leftOut = 0;
  }

  #takeRoom(level: LogLevel, characters: number): boolean {
    const time = now();
    const more = ((time - this.#roomAt) / 1000) * CHARACTERS_PER_SECOND;
    this.#room = Math.min(CHARACTERS_AT_ONCE, this.#room + Math.max(0, more));
    this.#roomAt = time;
    const isFault = level === "warn" || level === "error";
    if (this.#room < characters + (isFault ? 0 : KEPT_FOR_FAULTS)) {
      roomLimit.hit();
      this.#leftOut += 1;
      return false;
    }
    this.#room -= characters;
    return true;
  }
}

/** What a line says, without the numbers and names in it. */
function kindOf(message: string): string {
  return message
    .slice(0, LONGEST_KIND)
    .replace(/'[^']*'|"[^"]*"/g, "''")
    .replace(/\d+/g, "#");
}
