import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../../src/base/package-root.ts";
import { folderWith } from "../../cli/run-cli.ts";
import { TEST_MS } from "../../limits.ts";

const timeout = TEST_MS;
const PRELOAD = packagePath("test", "adapters", "pystreaming", "no-zeromq.cjs");
const MAIN = packagePath("dist", "src", "cli", "main.js");
const run = promisify(execFile);

/** What a command prints on a machine without npm's zeromq. */
async function outputOf(...command: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ["--require", PRELOAD, ...command]);
  return stdout;
}

test("without zeromq everything loads; what opens a socket says how to install it, and doctor does", {
  timeout,
}, async () => {
  const script = `
    const { Streamer, Receiver } = await import("thingscope/pystreaming");
    const streamer = new Streamer("tcp://127.0.0.1:*");
    console.log(await streamer.start().catch((error) => error.code + " " + error.message));
  `;
  const folder = packagePath();
  const { stdout } = await run(
    process.execPath,
    ["--require", PRELOAD, "--input-type=module", "--eval", script],
    { cwd: folder },
  );
  assert.match(
    stdout,
    /^PROGRAM_MISSING pystreaming needs the npm package zeromq.*Install it again: npm install zeromq$/m,
  );

  const empty = await folderWith({});
  const reports: { name: string; level: string; fix?: string }[] = JSON.parse(
    await outputOf(MAIN, "doctor", "--json", "--port", "0", "--settings", `${empty}/settings`),
  );
  const report = reports.find(({ name }) => name === "zeromq");
  assert.deepEqual([report?.level, report?.fix], ["warn", "npm install zeromq"]);
  assert.match(
    await outputOf(MAIN, "check", packagePath("examples", "pystreaming.yaml")),
    /: OK: /,
  );
});
