// Runs the compiled tests: those that need npm packages alone, or with --system those under test/system/
// that need Chromium, GStreamer and ffmpeg (scripts/setup installs them), or with --interop those under
// test/interop/ that need other people's clients (scripts/setup --interop). Further arguments are name parts
// of files to run: `npm test -- mjpeg` runs the files whose path contains "mjpeg".
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { PassThrough } from "node:stream";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { inspect } from "node:util";
import { BESIDE, LONGEST } from "./test-order.mjs";

const FLAGS = ["--enable-source-maps", "--expose-gc"]; // the processes of the tests inherit them
const asked = process.argv.slice(2);
const folder = ["system", "interop"].find((name) => asked.includes(`--${name}`));
const parts = asked.filter((argument) => !argument.startsWith("--"));

const files = readdirSync("dist/test", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => /^(system|interop)\//.exec(file)?.[1] === folder)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));

if (files.length === 0) {
  console.error(`No test file under dist/test matches: ${parts.join(", ") || "all"}.`);
  process.exit(1);
}
if (globalThis.gc) await runAll();
else {
  const again = spawn(process.execPath, [...FLAGS, ...process.argv.slice(1)], { stdio: "inherit" });
  again.on("close", (code) => process.exit(code ?? 1));
}

/** The longest first, so that what runs beside one another ends together. */
function rankOf(file) {
  const rank = LONGEST.findIndex((name) => file === `${name}.test.js`);
  return rank < 0 ? LONGEST.length : rank;
}

/** Browsers, encoders and microscopes measure time, one at a time; the others wait for programs and clocks, beside one another. */
async function runAll() {
  const others = folder
    ? files.filter((file) => BESIDE.some((name) => file === `${name}.test.js`))
    : files;
  const alone = files.filter((file) => !others.includes(file));
  const beside = folder ? 2 : availableParallelism() + 1;
  const told = new PassThrough({ objectMode: true });
  told.compose(process.stdout.isTTY ? new spec() : tap).pipe(process.stdout);
  const totals = new Map();
  const failures = [];
  let topLevel = 0;
  for (const [group, concurrency] of [
    [alone, 1],
    [others, beside],
  ]) {
    if (group.length > 0) await runGroup(group, concurrency);
  }
  told.write({ type: "test:plan", data: { nesting: 0, count: topLevel } });
  for (const [name, count] of totals) tell(`${name} ${count}`);
  // Once more at the end, where somebody who has the last lines of a log finds it.
  for (const { file, name, details } of failures) {
    const why = `failed: ${relative("", file ?? "")}: ${name}: ${inspect(details.error.cause)}`;
    for (const line of why.split("\n")) tell(line);
  }
  told.end();

  function tell(message) {
    told.write({ type: "test:diagnostic", data: { nesting: 0, message } });
  }

  /** The groups are told as one run: numbered on, with one summary. */
  async function runGroup(group, concurrency) {
    // Of each file, in case one hangs; tests have their own.
    const timeout = process.env.THINGSCOPE_LONG ? 7_200_000 : 900_000;
    const paths = group.map((file) => join("dist/test", file));
    for await (const { type, data } of run({ files: paths, concurrency, timeout })) {
      const summary = /^(\w+) ([\d.]+)$/.exec(data.nesting === 0 ? data.message : "");
      const isTest = type === "test:pass" || type === "test:fail";
      if (type === "test:fail" && !data.todo) {
        process.exitCode = 1;
        if (data.details.error.failureType !== "subtestsFailed") failures.push(data);
      }
      if (isTest && data.nesting === 0) topLevel += 1;
      if (type === "test:diagnostic" && summary && isCount(summary[1]))
        totals.set(summary[1], (totals.get(summary[1]) ?? 0) + Number(summary[2]));
      else if (type !== "test:plan" || data.nesting > 0)
        told.write({
          type,
          data: isTest && data.nesting === 0 ? { ...data, testNumber: topLevel } : data,
        });
    }
  }
}

function isCount(name) {
  return /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms)$/.test(name);
}
