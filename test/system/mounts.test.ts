import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { silentLog } from "../../src/base/log.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { TEST_MS } from "../limits.ts";
import { needsRoot } from "../needs.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { recorderFor } from "../things/recorder-server.ts";

const timeout = TEST_MS;
const ROOT = needsRoot("mounts a disk");
const run = promisify(execFile);

/** A disk at a place, as a stick is: it can be taken out while files on it are open, and put in again. Only root can mount. */
async function newStick(t: TestContext) {
  const [stick, place] = [await temporaryFolder("stick-"), await temporaryFolder("media-")];
  await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", stick]);
  const insert = () => run("mount", ["--bind", stick, place]);
  const takeOut = () => run("umount", ["--lazy", place]);
  await insert();
  t.after(async () => {
    await takeOut().catch(() => {});
    await run("umount", [stick]);
  });
  return { stick, place, insert, takeOut };
}

test("a stick that is taken out ends the recording; nothing goes to the disk below; put in again, it is recorded to", {
  timeout,
  ...ROOT,
}, async (t) => {
  const { stick, place, insert, takeOut } = await newStick(t);
  const folder = join(place, "films");
  const { recorder } = await recorderFor(t, { folder });
  const lost = new Promise((resolve) => recorder.recording_lost.on(resolve));
  await recorder.start_recording({ name: "nest" });
  await sleep(300);
  await takeOut();
  assert.match(JSON.stringify(await lost), /"its folder was moved, or its disk taken out"/);
  while (recorder.state !== "buffering") await sleep(20);
  await assert.rejects(recorder.start_recording({ name: "nest" }), {
    code: "RECORDING_FAILED",
    message: `Nothing can be recorded: the disk of ${folder} is not mounted. Connect or mount it again, then start again.`,
  });
  assert.deepEqual(await readdir(place), []);
  assert.ok((await readdir(join(stick, "films"))).includes("nest.mkv"));
  await insert();
  assert.equal((await recorder.start_recording({ name: "nest" })).name, "nest-2.mkv");
});

test("settings on a stick that was taken out are not said to be saved", {
  timeout,
  ...ROOT,
}, async (t) => {
  const { place, insert, takeOut } = await newStick(t);
  const path = join(place, "settings", "one.json");
  const file = new SettingsFile(path, silentLog);
  await file.save({ n: 1 });
  await takeOut();
  await assert.rejects(file.save({ n: 2 }), { code: "NOT_SAVED", message: /is not mounted/ });
  await insert();
  await file.save({ n: 3 });
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { n: 3 });
});
