import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { FAULT_KINDS, FAULT_PLACES } from "thingscope/testing";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { blocksOf, pageText } from "./page.ts";

const page = pageText("testing.md");
const blocks = blocksOf(page);

test("the tests of docs/testing.md pass as they are printed, beside the Timer of docs/writing-a-thing.md", {
  timeout: TEST_MS,
}, async () => {
  const all = [...blocksOf(pageText("writing-a-thing.md")), ...blocks];
  const files = all.flatMap(({ file, text }) => (file ? [[file, text] as const] : []));
  const folder = await folderWith({ ...Object.fromEntries(files), "package.json": "{}" });
  await install(folder);
  await symlink(packagePath("node_modules", "typebox"), join(folder, "node_modules", "typebox"));
  const commands = blocks.filter(({ language }) => language === "sh");
  assert.equal(commands.length, 2);
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  for (const { text } of commands) {
    const [, , ...args] = text.trim().split(" ");
    // Without the marks of the runner that this test runs in: it would take the other's report for its own.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [tsx, ...args], {
      cwd: folder,
      env,
    });
    assert.match(stdout, /^# pass [12]$/m);
  }
});

test("docs/testing.md has every place and kind of fault", () => {
  for (const word of [...FAULT_PLACES, ...FAULT_KINDS]) {
    assert.match(page, new RegExp(`^\\|.*\`${word}\`.*\\| .+ \\|$`, "m"));
  }
});
