import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";

/** One line that an action logged. */
export interface LogLine {
  readonly message: string;
  /** E.g. `INFO`, `WARNING`. */
  readonly level: string;
  /** RFC 3339. */
  readonly created: string;
}

/** How far an action is. */
export interface InvocationProgress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly message?: string;
}

export function progressIn({ progress }: JsonObject): InvocationProgress | undefined {
  const { fraction, message } = objectOf(progress);
  if (typeof fraction !== "number") return undefined;
  return { fraction, ...(typeof message === "string" && { message }) };
}

export function logIn({ log }: JsonObject): LogLine[] {
  return listOf(log).map(lineOf);
}

/** Passes on what is new in each state. */
export function reporter(
  onProgress: ((fraction: number, message?: string) => void) | undefined,
  onLog: ((line: LogLine) => void) | undefined,
): (state: JsonObject) => void {
  let told = "";
  let lines: readonly unknown[] = [];
  return (state) => {
    const { fraction, message } = progressIn(state) ?? {};
    const news = `${fraction} ${message}`;
    if (fraction !== undefined && news !== told) onProgress?.(fraction, message);
    told = news;
    const all = listOf(state.log);
    for (const line of newLines(lines, all)) onLog?.(line);
    lines = all;
  };
}

/** A log only grows, until it is full and its oldest lines go. */
function newLines(before: readonly unknown[], now: readonly unknown[]): LogLine[] {
  const last = JSON.stringify(before.at(-1));
  const isSame = (line: unknown) => JSON.stringify(line) === last;
  const seen =
    now.length > before.length && (before.length === 0 || isSame(now[before.length - 1]))
      ? before.length
      : now.findLastIndex(isSame) + 1;
  return now.slice(seen).map(lineOf);
}

function lineOf(line: unknown): LogLine {
  const { message, levelname, created } = objectOf(line);
  return {
    message: textOf(message) ?? "",
    level: textOf(levelname) ?? "INFO",
    created: textOf(created) ?? "",
  };
}

/** When something happened by the server's clock, epoch ms: LabThings and WoT Profile name the times alike. */
export function timeIn(state: JsonObject, ...names: readonly string[]): number | undefined {
  const times = names.map((name) => Date.parse(textOf(state[name]) ?? ""));
  return times.find((time) => !Number.isNaN(time));
}
