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
