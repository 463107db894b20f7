// Keeps the raw results of a run in docs/internals/benchmarks/, and writes its figures into the pages that quote them:
// node dist/bench/publish.js bench/results/2026-11-29-full.json
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PAGES, PUBLISHED_FOLDER, withFigures } from "./published.ts";

const [path] = process.argv.slice(2);
if (path === undefined)
  throw new Error("Which run? node dist/bench/publish.js bench/results/NAME.json");
const run = JSON.parse(readFileSync(path, "utf8"));
const pages = PAGES.map((page) => [page, withFigures(readFileSync(page, "utf8"), run)] as const);
for (const [page, text] of pages) writeFileSync(page, text);
copyFileSync(path, join(PUBLISHED_FOLDER, basename(path)));
