import assert from "node:assert/strict";
import { pageText } from "./page.ts";

/** A row of a table in docs/coming-from.md. */
export interface Row {
  /** The code of the other system. */
  readonly wrote: string;
  /** The code of ours. */
  readonly now: string;
}

/** The rows under a heading of the page: code in backticks, lines of a cell parted by `<br>`, `\|` for a bar. */
export function rowsFrom(heading: string): Row[] {
  const [, section] = pageText("coming-from.md").split(`\n## ${heading}\n`);
  assert.ok(section !== undefined, `docs/coming-from.md has no '## ${heading}'`);
  const lines = section.split("\n## ")[0]!.split("\n");
  return lines
    .filter((line) => /^\| .*`/.test(line))
    .map((line) => {
      const [, wrote = "", now = ""] = line.split(/(?<!\\)\|/).map(codeIn);
      return { wrote, now };
    });
}

function codeIn(cell: string): string {
  const spans = [...cell.matchAll(/(`+)(.+?)\1/g)].map(([, , code = ""]) => code.trim());
  return spans.join("\n").replaceAll("\\|", "|");
}

/** Runs the lines of a row with some names in scope. @returns What they `return`, if they do. */
export function run(lines: string, scope: Readonly<Record<string, unknown>>): Promise<unknown> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  return AsyncFunction(...Object.keys(scope), lines)(...Object.values(scope));
}

/** That each name occurs on the left of some row. */
export function assertNamesIn(rows: readonly Row[], names: readonly string[]): void {
  const wrote = rows.map((row) => row.wrote).join("\n");
  const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(wrote));
  assert.deepEqual(missing, [], "These public names have no row.");
}

/** Runs a row's lines. @returns What they make: the first name that they declare, else the value of the last line. */
export function resultOf(
  lines: string,
  scope: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const found = /^(?:const \{ ([\w, ]+) \}|const (\w+)|class (\w+))/.exec(lines);
  const declared = found?.slice(1).flatMap((names) => names?.split(", ") ?? []) ?? [];
  const [first] = declared;
  const names = Object.entries(scope).filter(([name]) => !declared.includes(name));
  const isStatement = /^(while|for|if|await) ?/.test(lines);
  const whole = first ? `${lines}\nreturn ${first};` : isStatement ? lines : `return ${lines}`;
  return run(whole, Object.fromEntries(names));
}
