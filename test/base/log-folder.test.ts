import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, open, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { logTo } from "../../src/base/log.ts";
import { LogFolder, type LogFolderOptions } from "../../src/base/log-folder.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor } from "../things/recorder-server.ts";

async function logsIn(t: TestContext, options?: LogFolderOptions) {
  const folder = join(await folderFor(t), "logs");
  return { folder, logs: new LogFolder(folder, options) };
}

test("each Thing and each of its programs has a file; secrets and what is for developers are in none", async (t) => {
  const { folder, logs } = await logsIn(t);
  const log = logs.log("camera");
  log.warn("rtsp://me:1234@camera does not answer.", { token: "abc", port: 3 });
  log.debug("Nobody wants to read this.");
  log.program?.("/usr/bin/gst-launch-1.0")("WARNING: no clock");
  log.program?.("../../etc/passwd")("tries to leave");
  await logs.written();
  assert.deepEqual(await logs.list(), [
    "camera.gst-launch-1.0.log",
    "camera.log",
    "camera.passwd.log",
  ]);
  assert.match(
    (await logs.read("camera.log")) ?? "",
    /^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}rtsp:\/\/me:\[hidden\]@camera does not answer\. \{"token":"\[hidden\]","port":3\}\n$/,
  );
  assert.match((await logs.read("camera.gst-launch-1.0.log")) ?? "", /Z WARNING: no clock\n$/);
  assert.equal((await stat(join(folder, "camera.log"))).mode & 0o007, 0, "others may not read it");
});

test("files are read by the names of the list alone", async (t) => {
  const { folder, logs } = await logsIn(t);
  logs.log("camera").info("here");
  await logs.written();
  await writeFile(join(folder, "..", "secret.log"), "secret");
  await writeFile(join(folder, "key.pem"), "secret");
  for (const name of ["../secret.log", "key.pem", join(folder, "camera.log"), "camera.log/", ""]) {
    assert.equal(await logs.read(name), undefined, name);
  }
});

test("a file grows to its limit, then a new one is begun, and the oldest goes", async (t) => {
  const { folder, logs } = await logsIn(t, { maxBytes: 2000, keep: 3 });
  const log = logs.log("camera");
  for (let n = 0; n < 120; n++) {
    log.info(`Line ${n} of a camera that has something to say.`);
    await logs.written();
  }
  assert.deepEqual(await logs.list(), ["camera.log", "camera.log.1", "camera.log.2"]);
  for (const name of await readdir(folder)) {
    assert.ok((await stat(join(folder, name))).size <= 2000, name);
  }
  const texts = await Promise.all(
    ["camera.log.2", "camera.log.1", "camera.log"].map((name) => logs.read(name)),
  );
  const numbers = [...texts.join("").matchAll(/Line (\d+)/g)].map(([, n]) => Number(n));
  const [first = 0] = numbers;
  assert.deepEqual(
    numbers,
    Array.from({ length: 120 - first }, (_, n) => first + n),
  );
});

test("lines of another run are kept, and their size counts", async (t) => {
  const { folder, logs } = await logsIn(t);
  logs.log("camera").info("The first run.");
  await logs.written();
  const again = new LogFolder(folder, { maxBytes: 100 });
  again.log("camera").info("The second run, which has more to say than fits behind the first.");
  await again.written();
  assert.match((await again.read("camera.log.1")) ?? "", /The first run/);
  assert.match((await again.read("camera.log")) ?? "", /The second run/);
});

test("a folder that cannot be written costs one warning, and the lines that were too many to wait", {
  timeout: TEST_MS,
}, async (t) => {
  const warnings: string[] = [];
  const log = logTo((_, message) => warnings.push(message));
  const { folder, logs } = await logsIn(t, { log, retryMs: 20 });
  await writeFile(folder, "a file where the folder should be");
  const camera = logs.log("camera");
  for (let n = 0; n < 5; n++) {
    camera.info("it waits");
    await sleep(30); // it is tried again in between
  }
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(
    warnings[0] ?? "",
    /^Log files cannot be written in .* is a file, not a folder\. Writing is retried/,
  );
  assert.equal(logs.lost, 0);
  for (let n = 0; n < 4000; n++) camera.info("x".repeat(100));
  const { lost } = logs;
  assert.ok(lost > 1000, `${lost} lines are lost`);
  await rm(folder);
  const found = /(\d+) lines are missing here: the disk was too slow/;
  let text: string | undefined;
  while (!text || !found.test(text)) {
    await sleep(10);
    text = await logs.read("camera.log");
  }
  assert.equal(Number(found.exec(text)?.[1]), lost);
  assert.match(text, /it waits/);
});

test("lines that a full disk did not take are counted, and their place is marked", {
  timeout: TEST_MS,
}, async (t) => {
  const { folder, logs } = await logsIn(t, { retryMs: 20 });
  const path = join(folder, "camera.log");
  await mkdir(path, { recursive: true }); // a folder takes no lines
  const camera = logs.log("camera");
  camera.info("one");
  await logs.written();
  assert.equal(logs.lost, 1);
  await rmdir(path);
  let text: string | undefined;
  while (!text?.includes("two")) {
    camera.info("two");
    await sleep(10);
    text = await logs.read("camera.log");
  }
  assert.match(text, /^\S+Z \d+ lines are missing here: EISDIR/);
});

test("a disk that hangs holds nobody up and no more memory than is allowed", {
  timeout: TEST_MS,
}, async (t) => {
  const { folder, logs } = await logsIn(t);
  logs.log("other").info("makes the folder");
  await logs.written();
  const hung = join(folder, "camera.log");
  execFileSync("mkfifo", [hung]); // opening it waits for somebody who reads
  const camera = logs.log("camera");
  const began = new Elapsed();
  camera.info("the first");
  await sleep(50); // it is being written from now on, without an end
  for (let n = 0; n < 10_000; n++) camera.info("x".repeat(100));
  assert.ok(logs.lost > 7_000, `${logs.lost} lines were not kept waiting`);
  await logs.written();
  assert.ok(began.ms < 5_000, "nobody waits for the disk");
  const reader = await open(hung, "r");
  t.after(() => reader.close());
  await rm(hung); // lines from now on go to a file: an open of this one without a reader would hang for good
  await reader.readFile();
});

test("whoever listens is told each line", async (t) => {
  const { logs } = await logsIn(t);
  const heard: string[] = [];
  const end = logs.onLine(({ file, line }) => heard.push(`${file}: ${line.slice(25)}`));
  logs.log("camera").error("The cable is out.");
  end();
  logs.log("camera").error("Nobody listens any more.");
  await logs.written();
  assert.deepEqual(heard, ["camera.log: error The cable is out."]);
  assert.match(await readFile(join(logs.folder, "camera.log"), "utf8"), /any more/);
});
