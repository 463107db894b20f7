// Runs the compiled tests: those that need npm packages alone, or with --system those under test/system/
// that need Chromium, GStreamer and ffmpeg (scripts/setup installs them), or with --interop those under
// test/interop/ that need other people's clients (scripts/setup --interop), or with --vm, inside the test machine, those under
// test/vm/, one after another, or with --distros those under test/distros/, in other user lands. Further arguments are name parts of files to run: `npm test -- mjpeg` runs the files whose path
// contains "mjpeg".
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { PassThrough } from "node:stream";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { inspect } from "node:util";
import { ALONE, APART, LONG_ONLY, LONGEST, MEASURING } from "./test-order.mjs";
import { runBeside } from "./test-pool.mjs";

const FLAGS = ["--enable-source-maps", "--expose-gc"]; // the processes of the tests inherit them
/** What a run of a file counts. */
const COUNTS = new Set(["tests", "suites", "pass", "fail", "cancelled", "skipped", "todo"]);
/** Files that run beside one another at most, however idle the processor is. */
const MOST_AT_ONCE = 3 * availableParallelism();
/** Of what is random in all of them: a run can be had again. */
process.env.THINGSCOPE_SEED ??= String(Date.now() % 100_000);
const asked = process.argv.slice(2);
const folder = ["system", "interop", "vm", "distros"].find((name) => asked.includes(`--${name}`));
const parts = asked.filter((argument) => !argument.startsWith("--"));

const files = readdirSync(join("dist/test", folder ?? ""), { recursive: true, encoding: "utf8" })
  .map((file) => join(folder ?? "", file))
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => /^(system|interop|vm|distros)\//.exec(file)?.[1] === folder)
  .filter(isAskedFor)
  .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));

if (files.length === 0) {
  console.error(`No test file under dist/test matches: ${parts.join(", ") || "all"}.`);
  process.exit(1);
}
if (globalThis.gc) await runAll();
else {
  // Of what was compiled just now: the pages, and what a command line runs.
  await import(isBundleOld() ? "./bundle.mjs" : "./compile-pages.mjs");
  await import("./bundle-typebox.mjs");
  // Tests leave 200 MB of folders, which go with the run.
  const scratch = mkdtempSync(join(tmpdir(), "thingscope-"));
  chmodSync(scratch, 0o1777); // some programs are run as another user
  const again = spawn(process.execPath, [...FLAGS, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, TMPDIR: scratch },
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => again.kill(signal));
  again.on("close", (code) => {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
    process.exit(code ?? 1);
  });
}

function isAskedFor(file) {
  if (parts.length > 0) return parts.some((part) => file.includes(part));
  return (
    process.env.THINGSCOPE_LONG === "1" || !LONG_ONLY.includes(file.replace(/\.test\.js$/, ""))
  );
}

function isBundleOld() {
  const bundled = statSync("dist/bundle/src/cli/main.js", { throwIfNoEntry: false });
  const newest = ["dist/src", "dist/things"]
    .flatMap((at) => readdirSync(at, { recursive: true }).map((file) => join(at, file)))
    .reduce((time, file) => Math.max(time, statSync(file).mtimeMs), 0);
  return bundled === undefined || bundled.mtimeMs < newest;
}

/** The longest first, so that what runs beside one another ends together. */
function rankOf(file) {
  const rank = LONGEST.findIndex((name) => file === `${name}.test.js`);
  return rank < 0 ? LONGEST.length : rank;
}

/** What measures time goes first, and has a core for each file; the others wait for programs and clocks, beside one another. */
async function runAll() {
  const isIn = (names) => (file) => names.includes(file.replace(/\.test\.js$/, ""));
  // Files for the test machine share its cameras, and those in other user lands one cache of downloads.
  const alone = files.filter(
    (file) => folder === "vm" || folder === "distros" || isIn(ALONE)(file),
  );
  const measuring = files.filter((file) => isIn(MEASURING)(file) && !alone.includes(file));
  const others = files.filter((file) => !alone.includes(file) && !measuring.includes(file));
  const told = new PassThrough({ objectMode: true });
  told.compose(process.stdout.isTTY ? new spec() : tap).pipe(process.stdout);
  const result = { tests: 0, totals: new Map(), failures: [], skipped: [], seconds: new Map() };
  const began = performance.now();
  const runAndTell = async (file) => tellFile(await ran(file));
  await runBeside(alone, 1, runAndTell);
  await runBeside(measuring, process.env.THINGSCOPE_LONG ? 1 : availableParallelism(), runAndTell);
  const isApart = (...two) => two.every(isIn(APART));
  await runBeside(others, MOST_AT_ONCE, runAndTell, isApart);
  told.write({ type: "test:plan", data: { nesting: 0, count: result.tests } });
  for (const [name, count] of result.totals) tell(`${name} ${count}`);
  tell(`duration_ms ${Math.round(performance.now() - began)}`);
  tell(`seed: THINGSCOPE_SEED=${process.env.THINGSCOPE_SEED}`);
  const longest = [...result.seconds].sort(([, a], [, b]) => b - a).slice(0, 12);
  tell(
    `longest: ${longest.map(([file, seconds]) => `${file} ${Math.round(seconds)} s`).join(", ")}`,
  );
  for (const { file, name, skip } of result.skipped) tell(`skipped: ${skip}: ${file}: ${name}`);
  // Once more at the end, where somebody who has the last lines of a log finds it.
  for (const { file, name, details } of result.failures) {
    const why = `failed: ${file}: ${name}: ${inspect(details.error.cause)}`;
    for (const line of why.split("\n")) tell(line);
  }
  told.end();

  function tell(message) {
    told.write({ type: "test:diagnostic", data: { nesting: 0, message } });
  }

  /** Files are told whole, one after another, as one run: numbered on, with one summary. */
  function tellFile({ file, seconds, events }) {
    result.seconds.set(nameOf(file), seconds);
    for (const { type, data } of events) {
      const isTopLevel = data.nesting === 0;
      const [, count, number] = (isTopLevel && /^(\w+) ([\d.]+)$/.exec(data.message)) || [];
      if (type === "test:pass" && data.skip !== undefined)
        result.skipped.push({ ...data, file: nameOf(data.file ?? file) });
      if (type === "test:fail" && !data.todo) {
        process.exitCode = 1;
        if (data.details.error.failureType !== "subtestsFailed")
          result.failures.push({ ...data, file: nameOf(data.file ?? file) });
      }
      if (type === "test:diagnostic" && COUNTS.has(count)) {
        result.totals.set(count, (result.totals.get(count) ?? 0) + Number(number));
      } else if (isTopLevel && (type === "test:pass" || type === "test:fail")) {
        result.tests += 1;
        told.write({ type, data: { ...data, testNumber: result.tests } });
      } else if (!(isTopLevel && (type === "test:plan" || count === "duration_ms"))) {
        told.write({ type, data });
      }
    }
  }
}

/** All that one file told, in a process of its own. */
async function ran(file) {
  // In case it hangs; tests have limits of their own.
  const timeout = process.env.THINGSCOPE_LONG || folder === "distros" ? 7_200_000 : 900_000;
  const began = performance.now();
  const events = await run({ files: [join("dist/test", file)], concurrency: 1, timeout }).toArray();
  return { file, events, seconds: (performance.now() - began) / 1000 };
}

/** A file as the lists and the documents name it: below test/, without its ending. */
function nameOf(file) {
  return relative("", file).replace(/^(dist\/)?test\/|\.test\.[jt]s$/g, "");
}
