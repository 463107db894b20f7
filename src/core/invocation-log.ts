import { countedLimit } from "../base/limit-hits.ts";

/** One line of a run's log, with LabThings' field names. */
export interface LogRecord {
  readonly message: string;
  readonly levelname: string;
  readonly levelno: number;
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly filename: string;
  readonly lineno: number;
  readonly exception_type: string | null;
  readonly traceback: string | null;
}

const LINES_KEPT = 1000;
const LONGEST_LINE = 8 * 1024;
const KEPT_CHARACTERS = 256 * 1024;

const dropped = countedLimit("invocation_log_lines");

/** The lines of one run's log; beyond their number or length the oldest go. */
export class InvocationLog {
  readonly lines: LogRecord[] = [];
  #characters = 0;

  get characters(): number {
    return this.#characters;
  }

  add({ message, traceback, ...line }: LogRecord): void {
    const record = { ...line, message: cut(message), traceback: traceback && cut(traceback) };
    this.lines.push(record);
    this.#characters += lengthOf(record);
    while (this.lines.length > LINES_KEPT || this.#characters > KEPT_CHARACTERS) {
      this.#characters -= lengthOf(this.lines.shift()!);
      dropped.hit();
    }
  }
}

function cut(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return `${text.slice(0, LONGEST_LINE)}… (${text.length - LONGEST_LINE} more characters)`;
}

/** With what its other members take. */
function lengthOf({ message, traceback }: LogRecord): number {
  return 100 + message.length + (traceback?.length ?? 0);
}
