import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { FolderLock } from "../../src/core/folder-lock.ts";
import { TEST_MS } from "../limits.ts";

const newFolder = () => mkdtemp(join(tmpdir(), "thingscope-lock-"));
const timeout = TEST_MS;

/** Another process that holds the lock of `folder` until it is killed. */
async function holderOf(folder: string) {
  const script = `
    import { FolderLock } from ${JSON.stringify(packagePath("dist/src/core/folder-lock.js"))};
    await new FolderLock(${JSON.stringify(folder)}).take();
    console.log("taken");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("a folder that another process has taken is refused with its number, and free when it is killed", {
  timeout,
}, async () => {
  const folder = await newFolder();
  const lock = new FolderLock(folder);
  const other = await holderOf(folder);
  await assert.rejects(lock.take(), {
    code: "SETTINGS_IN_USE",
    message: `The settings in ${folder} are in use by another server, process ${other.pid}. Stop that one, or choose another folder: --settings FOLDER.`,
  });
  await lock.release();
  await assert.rejects(lock.take(), { code: "SETTINGS_IN_USE" }, "it released what is not its own");
  other.kill("SIGKILL");
  await once(other, "exit");
  await lock.take();
  await lock.release();
  assert.deepEqual(await readdir(folder), []);
});

test("a process that has a dead holder's number by chance does not hold the folder", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, ".lock"), `${process.ppid} 1`); // it began, but not at that time
  await new FolderLock(folder).take();
});

for (const rest of ["", "garbage", "-1 5"]) {
  test(`a lock file that holds '${rest}' is nobody's`, async () => {
    const folder = await newFolder();
    await writeFile(join(folder, ".lock"), rest);
    await new FolderLock(folder).take();
  });
}
