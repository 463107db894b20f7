// Runs the compiled tests: those that need npm packages alone, or with --system those under test/system/
// that need Chromium, GStreamer and ffmpeg (scripts/setup installs them), or with --interop those under
// test/interop/ that need other people's clients (scripts/setup --interop). Further arguments are name parts
// of files to run: `npm test -- mjpeg` runs the files whose path contains "mjpeg".
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const asked = process.argv.slice(2);
const folder = ["system", "interop"].find((name) => asked.includes(`--${name}`));
const parts = asked.filter((argument) => !argument.startsWith("--"));

const files = readdirSync("dist/test", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => /^(system|interop)\//.exec(file)?.[1] === folder)
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .map((file) => join("dist/test", file));

if (files.length === 0) {
  console.error(`No test file under dist/test matches: ${parts.join(", ") || "all"}.`);
  process.exit(1);
}
const limitMs = process.env.THINGSCOPE_LONG ? 7_200_000 : 900_000; // of each file, in case one hangs; tests have their own
const flags = ["--enable-source-maps", "--expose-gc", "--test", `--test-timeout=${limitMs}`];
// Node would take a process less than there are cores, one on two. Many tests wait for programs and clocks, and all hold on a
// busy machine: two at least. Browsers, encoders and microscopes measure time: one at a time.
flags.push(`--test-concurrency=${folder ? 1 : Math.max(2, availableParallelism())}`);
const run = spawn(process.execPath, [...flags, ...files], { stdio: "inherit" });
run.on("close", (code) => process.exit(code ?? 1));
