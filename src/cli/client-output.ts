import { valueLines } from "./value-lines.ts";

/** A standard output or error. */
export interface Output {
  write(text: string): unknown;
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
  /** JSON lines on a terminal, too. */
  readonly json: boolean;
}

/** A person reads along: no JSON lines, but a bar that moves. */
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
