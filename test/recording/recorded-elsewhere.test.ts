import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { link, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { draftOf } from "../../src/recording/files/free-name.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { repairFolder } from "../../src/recording/repair/repair-folder.ts";
import { TEST_MS } from "../limits.ts";
import { framesIn, newPath } from "./recordings.ts";

const timeout = TEST_MS;

/** Another process that records to a new file, once it has written some frames. */
async function otherProcess(t: TestContext, frames: number) {
  const path = await newPath();
  const program = packagePath("dist", "test", "recording", "recording-child.js");
  const child: ChildProcess = spawn(process.execPath, [program, path, "2000", String(frames)]);
  const ended = once(child, "close");
  t.after(() => child.kill("SIGKILL"));
  void text(child.stdout!); // or it would wait for a reader
  while ((await framesIn(path).catch(() => 0)) === 0) await sleep(20);
  return { path, child, ended };
}

test("what another process records to is neither repaired nor deleted, however long it is quiet", {
  timeout,
}, async (t) => {
  const { path, child, ended } = await otherProcess(t, 200);
  child.kill("SIGSTOP");
  await repairFolder(dirname(path), { quietMs: 0 });
  await assert.rejects(repairRecording(path), {
    code: "LOCK_BUSY",
    message: new RegExp(`is being recorded by process ${child.pid}`),
  });
  const folder = new RecordingsFolder(dirname(path));
  await folder.open();
  const [listed] = folder.files.list;
  assert.equal(listed?.isGrowing, true);
  await assert.rejects(folder.files.delete(listed!.id), { code: "LOCK_BUSY" });
  child.kill("SIGCONT");
  await ended;
  assert.equal((await folder.refreshed(path))?.isGrowing, false);
  await folder.close();
  const { ok, frames, sentence } = await verifyRecording(path);
  assert.ok(ok && frames === 200, sentence);
});

test("once that process is gone, it is repaired", { timeout }, async (t) => {
  const { path, child, ended } = await otherProcess(t, 10_000);
  child.kill("SIGKILL");
  await ended;
  await repairFolder(dirname(path), { quietMs: 0 });
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

test("drafts are removed when a folder is opened, unless a process is at work on them", {
  timeout,
}, async () => {
  const path = await newPath("film.mp4");
  const folder = dirname(path);
  const own = draftOf(path);
  const gone = join(folder, ".film.mp4.999999999-5.0123abcd.part");
  for (const draft of [own, gone]) await writeFile(draft, "");
  const recordings = new RecordingsFolder(folder);
  await recordings.open();
  const left = (await readdir(folder)).filter((name) => name !== ".lock");
  await recordings.close();
  assert.deepEqual(
    left.map((name) => join(folder, name)),
    [own],
  );
});

test("what another process records to is not repaired by the name of a hard link either", {
  timeout,
}, async (t) => {
  const { path, child, ended } = await otherProcess(t, 200);
  const hard = join(dirname(await newPath()), "hard.mkv");
  await link(path, hard);
  child.kill("SIGSTOP");
  await assert.rejects(repairRecording(hard), {
    code: "LOCK_BUSY",
    message: /hard.mkv is a hard link to a file that was written to just now/,
  });
  child.kill("SIGCONT");
  await ended;
  const { ok, frames, sentence } = await verifyRecording(path);
  assert.ok(ok && frames === 200, sentence);
});
