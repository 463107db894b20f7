import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const run = promisify(execFile);

test("the test machine has two cameras of the kernel's own driver, which give pictures", {
  timeout: TEST_MS,
}, async () => {
  const { stdout } = await run("v4l2-ctl", ["--list-devices"]);
  assert.match(stdout, /vivid-000\):\n\t\/dev\/video0/);
  assert.match(stdout, /vivid-001\):\n\t\/dev\/video1/);
  const folder = await temporaryFolder();
  for (const device of ["/dev/video0", "/dev/video1"]) {
    const file = `${folder}/pictures`;
    const stream = ["--stream-mmap", "--stream-count=2", `--stream-to=${file}`];
    await run("v4l2-ctl", ["-d", device, ...stream]);
    const { size } = await stat(file);
    assert.ok(size > 0 && size % 2 === 0, `${device}: ${size} bytes`);
  }
});

test("the test machine has the files of the checkout, and can write beside them", async () => {
  assert.equal(process.cwd(), packagePath().replace(/\/$/, ""));
  await writeFile(packagePath("written-in-the-machine"), "gone when it ends");
});
