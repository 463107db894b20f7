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
    message: `The settings in ${folder} are in use by another server, process ${other.pid}. Stop that server, or choose another folder: --settings FOLDER.`,
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

const MANY = process.env.THINGSCOPE_LONG ? 20 : 8;

test("of many processes that find a dead one's lock at once, one takes it, and the others name that one", {
  timeout,
}, async () => {
  const folder = await newFolder();
  await writeFile(join(folder, ".lock"), "999999999 1");
  const script = `
    import { once } from "node:events";
    import { FolderLock } from ${JSON.stringify(packagePath("dist/src/core/folder-lock.js"))};
    console.log("ready");
    await once(process.stdin, "data");
    const taken = await new FolderLock(${JSON.stringify(folder)}).take().then(() => "taken", ({ message }) => message);
    console.log(taken);
    process.stdin.on("end", () => process.exit());`;
  const children = Array.from({ length: MANY }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const say = () =>
    Promise.all(children.map(async ({ stdout }) => String(await once(stdout, "data"))));
  await say();
  const said = say();
  for (const { stdin } of children) stdin.write("go");
  const answers = await said;
  const winners = children.filter((_, n) => answers[n] === "taken\n");
  for (const { stdin } of children) stdin.end();
  assert.equal(winners.length, 1, answers.join(""));
  const others = answers.filter((answer) => answer !== "taken\n");
  for (const other of others) assert.match(other, new RegExp(`process ${winners[0]!.pid}\\.`));
});
