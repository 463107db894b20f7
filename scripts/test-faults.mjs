// Runs the tests of docs/internals/faults.md and prints a table of results and figures: `npm run test:faults`, or with ids of rows
// `npm run test:faults -- F13 F17`. Fails when a row's test fails, is not found, or does not exist. THINGSCOPE_LONG=1 runs
// the long forms. It is started with --expose-gc, which the test processes inherit.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { faultRows } from "../dist/test/docs/fault-rows.js";
import "./compile-pages.mjs";

process.env.THINGSCOPE_SEED ??= String(Date.now() % 100_000);
const asked = process.argv.slice(2).map((id) => id.toUpperCase());
const rows = faultRows().filter(({ id }) => asked.length === 0 || asked.includes(id));
const unknown = asked.filter((id) => !rows.some((row) => row.id === id));
if (unknown.length > 0) {
  console.error(`docs/internals/faults.md has no row ${unknown.join(", ")}.`);
  process.exit(2);
}
const timeout = process.env.THINGSCOPE_LONG ? 100 * 3_600_000 : 300_000; // of each file; tests have their own

/** Everything that ran: `file` below test/, the test's name, how it went, what it measured. */
const results = [];
for (const file of new Set(rows.flatMap(({ tests }) => tests.map((test) => test.file)))) {
  await runFile(file, [...new Set(titlesIn(file))]);
}
const judged = rows.map(judge);
console.log(`\nTHINGSCOPE_SEED=${process.env.THINGSCOPE_SEED}`);
console.log("\n| id | result | figures |\n|---|---|---|");
for (const { id, result, figures } of judged) console.log(`| ${id} | ${result} | ${figures} |`);
const failed = judged.filter(({ isFailing }) => isFailing);
console.log(
  `\n${judged.length} rows: ${judged.length - failed.length} hold or are not promised, ${failed.length} fail${failed.length ? `: ${failed.map(({ id }) => id).join(", ")}` : ""}.`,
);
process.exitCode = failed.length > 0 ? 1 : 0;

function titlesIn(file) {
  return rows.flatMap(({ tests }) =>
    tests.filter((test) => test.file === file).map((t) => t.title),
  );
}

/** The tests of one file whose titles are wanted. What each says as a diagnostic is a figure of it. */
function runFile(file, titles) {
  const path = join("dist/test", `${file}.test.js`);
  if (!existsSync(path)) return undefined;
  console.log(`${file}: ${titles.map((title) => `"${title}"`).join(", ")}`);
  const testNamePatterns = titles.map((title) => new RegExp(escaped(title)));
  return new Promise((resolve) => {
    let last;
    const stream = run({ files: [path], testNamePatterns, concurrency: 1, timeout });
    const ended = (result) => (test) => {
      // A test inside of a suite counts by its own title; the steps of a test count with the test.
      const isWanted = test.nesting === 0 || titles.some((title) => test.name.includes(title));
      if (test.skip !== undefined || !isWanted) return;
      last = {
        file,
        name: test.name,
        nesting: test.nesting,
        result,
        figures: [],
        error: test.details?.error,
      };
      results.push(last);
      console.log(
        `  ${result}: ${test.name}${result === "fails" ? `: ${reasonOf(last.error)}` : ""}`,
      );
    };
    stream.on("test:pass", ended("holds"));
    stream.on("test:fail", ended("fails"));
    stream.on("test:diagnostic", ({ message, nesting }) => {
      const isSummary = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;
      if (last && nesting <= last.nesting && !isSummary.test(message)) last.figures.push(message);
    });
    stream.on("end", resolve);
    stream.resume();
  });
}

function judge({ id, tests, notPromised }) {
  if (notPromised) return { id, result: "not promised", figures: notPromised, isFailing: false };
  if (tests.length === 0) return { id, result: "FAILS", figures: "no test yet", isFailing: true };
  const ran = tests.map(({ file, title }) =>
    results.filter((one) => one.file === file && one.name.includes(title)),
  );
  const missing = tests.filter((_, n) => ran[n].length === 0).map(({ title }) => title);
  const failing = ran.flat().filter(({ result }) => result === "fails");
  const isFailing = missing.length > 0 || failing.length > 0;
  const figures = [
    ...missing.map((title) => `no test "${title}"`),
    ...failing.map(({ name, error }) => `"${name}": ${reasonOf(error)}`),
    ...ran.flat().flatMap((one) => one.figures),
  ];
  return { id, result: isFailing ? "FAILS" : "holds", figures: figures.join("; "), isFailing };
}

function reasonOf(error) {
  return String(error?.cause?.message ?? error?.message ?? error)
    .split("\n")[0]
    .slice(0, 300);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
