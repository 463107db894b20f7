import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../src/base/package-root.ts";
import { COLUMNS, short } from "./report.ts";
import { type Cell, Results } from "./results.ts";

/** Pages whose figures come from the published run. */
export const PAGES = [packagePath("README.md"), packagePath("docs", "internals", "benchmarks.md")];
/** Raw results of the runs that the pages quote. */
export const PUBLISHED_FOLDER = packagePath("docs", "internals", "benchmarks");

/** A figure in a page, and behind it where it is from: `1.3<!-- P3 cpu_per_gb ours/limit -->`. */
const MARKED = /([\d.,]+|\?)<!-- (\S+) (\w+) ([\w-]+)(?:\/([\w-]+))? -->/g;

/** What one run measured, as `bench/results/` has it. */
export interface PublishedRun {
  readonly cells: readonly Cell[];
}

/** The newest run that is published; undefined when none is. */
export function newestRun(): PublishedRun | undefined {
  const names = readdirSync(PUBLISHED_FOLDER).filter((name) => name.endsWith(".json"));
  const newest = names.sort().at(-1);
  return newest === undefined
    ? undefined
    : JSON.parse(readFileSync(join(PUBLISHED_FOLDER, newest), "utf8"));
}

/**
 * The page with each marked figure as the run has it.
 * @throws {Error} for a mark of which the run has nothing.
 */
export function withFigures(page: string, run: PublishedRun): string {
  const results = new Results();
  results.cells.push(...run.cells);
  return page.replaceAll(MARKED, (all, figure: string, ...mark: string[]) => {
    const value = figureOf(results, mark);
    return all.replace(
      figure,
      value >= 1000 ? Math.round(value).toLocaleString("en-US") : short(value),
    );
  });
}

/** How many figures of a page are marked. */
export function marksIn(page: string): number {
  return [...page.matchAll(MARKED)].length;
}

function figureOf(
  results: Results,
  [row = "", figure = "", kind = "", other]: (string | undefined)[],
) {
  const scale = COLUMNS.find(([name]) => name === figure)?.[1] ?? 1;
  const of = (name: string) => {
    const cell = results.cells.find((one) => one.workload === row && one.kind === name);
    const value = cell && results.median(row, cell.kind, figure);
    if (value === undefined) throw new Error(`The run has no ${figure} of ${name} in ${row}.`);
    return value;
  };
  return other === undefined ? of(kind) * scale : of(kind) / of(other);
}
