/** A standard output or error. */
export interface Output {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a verb works with. */
export interface ClientIo {
  readonly out: Output;
  /** For people: progress, log lines. */
  readonly err: Output;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** print JSON lines on a terminal, too. */
  readonly json: boolean;
}

/** Whether a person reads the output: a progress bar instead of JSON lines. */
export function isForPeople({ out, json }: ClientIo): boolean {
  return out.isTTY === true && !json;
}

/** Writes a value: on as many lines as people read easily, on one line for programs. */
export function writeValue(io: ClientIo, value: unknown): void {
  if (value === undefined) return;
  const text = isForPeople(io) ? valueLines(value, io.out.columns) : JSON.stringify(value);
  io.out.write(`${visible(text)}\n`);
}

/** A line of JSON for programs. */
export function jsonLine(value: unknown): string {
  return `${visible(JSON.stringify(value))}\n`;
}

/**
 * What would make a terminal do something is written as `\\u001b`, as JSON may have it: control characters but line breaks, and
 * those that turn the direction of text.
 */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  const units = character.split("");
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/** Text from elsewhere, without what would make a terminal do something. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
}

const STEP = "  ";

/**
 * A JSON value as JSON for people: on one line what fits there, else a line for each member, and the numbers of a long
 * list beside each other.
 * @param width - Characters of a line; a long text or name may go beyond.
 */
export function valueLines(value: unknown, width = 80): string {
  return written(value, width);
}

/** @param taken - Characters of the first line that others have, before and behind. */
function written(value: unknown, width: number, margin = "", taken = 0): string {
  const whole = onOneLine(value);
  if (isScalar(value) || margin.length + whole.length + taken <= width) return whole;
  const inner = margin + STEP;
  const block = (open: string, lines: readonly string[], close: string) =>
    `${open}\n${lines.map((line) => inner + line).join("\n")}\n${margin}${close}`;
  if (!Array.isArray(value)) {
    const members = Object.entries(Object(value)).map(([name, member]) => {
      const label = `${JSON.stringify(name)}: `;
      return label + written(member, width, inner, label.length + 1); // a comma follows
    });
    return block("{", withCommas(members), "}");
  }
  const items = withCommas(value.map((item) => written(item, width, inner, 1)));
  return block("[", value.every(isScalar) ? filled(items, width - inner.length) : items, "]");
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function onOneLine(value: unknown): string {
  if (isScalar(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(", ")}]`;
  const members = Object.entries(Object(value)).map(
    ([name, member]) => `${JSON.stringify(name)}: ${onOneLine(member)}`,
  );
  return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
}

function withCommas(items: readonly string[]): string[] {
  return items.map((item, index) => (index < items.length - 1 ? `${item},` : item));
}

/** As many on each line as have room there. */
function filled(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + item.length <= width) {
      lines[lines.length - 1] = `${last} ${item}`;
    } else lines.push(item);
  }
  return lines;
}
