import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { logTo } from "thingscope";
import { laneAt } from "../../src/base/disk-lane.ts";
import { silentLog } from "../../src/base/log.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { TEST_MS } from "../limits.ts";
import { frames, record } from "../recording/recordings.ts";
import { ask } from "../server/requests.ts";
import { folderFor, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;
const SECRET = "nobody's business";

/** A folder with a recording, and a secret file elsewhere. */
async function newFolder(t: TestContext) {
  const [folder, elsewhere] = [await folderFor(t), await folderFor(t)];
  const { path } = await record(frames(5, 40));
  const film = join(folder, "film.mkv");
  await copyFile(path, film);
  await copyFile(ledgerPathOf(path), ledgerPathOf(film));
  const secret = join(elsewhere, "secret");
  await writeFile(secret, SECRET);
  return { folder, film, secret };
}

test("pipes, folders and links in a folder of recordings are told of once, and not opened, listed or sent", {
  timeout,
}, async (t) => {
  const { folder, secret } = await newFolder(t);
  const lines: string[] = [];
  execFileSync("mkfifo", [join(folder, "pipe.mkv"), join(folder, "odd.ledger.jsonl")]);
  for (const name of ["link.mp4", "link.jpg", "link.mkv"])
    await symlink(secret, join(folder, name));
  await mkdir(join(folder, "folder.mkv"));
  await copyFile(join(folder, "film.mkv"), join(folder, "odd.mkv"));
  const log = logTo((level, message) => void (level === "warn" && lines.push(message)));
  const { recorder } = await recorderFor(t, { folder }, { log });
  assert.deepEqual(
    recorder.recordings.map(({ name }) => name),
    ["film.mkv"],
  );
  for (const name of ["pipe.mkv", "link.mp4", "link.jpg", "link.mkv", "folder.mkv", "odd.mkv"]) {
    const told = lines.filter(
      (line) => line.includes(join(folder, name)) && line.includes("is not listed"),
    );
    assert.equal(told.length, 1, `${name}: ${lines.join("\n")}`);
  }
});

test("recorders that call one folder by several paths share it: lists, deletes, and what the log is told", {
  timeout,
}, async (t) => {
  const { folder, film } = await newFolder(t);
  await mkdir(join(folder, "folder.mkv"));
  const links = await folderFor(t);
  await symlink(folder, join(links, "films"));
  const warnings: string[] = [];
  const log = logTo((level, message) => void (level === "warn" && warnings.push(message)));
  const ways = [folder, `${links}/films/`, `${folder}/folder.mkv/..`];
  const folders = ways.map((way) => new RecordingsFolder(way));
  for (const one of folders) await one.open(log);
  t.after(() => Promise.all(folders.map((one) => one.close())));
  for (const one of folders) {
    assert.equal(one.folder, folder);
    assert.deepEqual(
      one.files.list.map(({ path }) => path),
      [film],
    );
  }
  assert.equal(warnings.filter((line) => line.includes("folder.mkv")).length, 1, `${warnings}`);
  await folders[1]!.files.list[0]!.remove();
  for (const one of folders) {
    await one.refresh();
    assert.deepEqual(one.files.list, []);
  }
});

test("what has become a link or a pipe since it was listed is not sent", { timeout }, async (t) => {
  const { folder, film, secret } = await newFolder(t);
  const { recorder, port } = await recorderFor(t, { folder });
  const { href } = recorder.recordings[0]!;
  assert.equal((await ask(port, { path: href })).status, 200);
  await rename(film, `${film}.before`);
  for (const place of [film, ledgerPathOf(film)]) {
    await rm(place, { force: true });
    await symlink(secret, place);
  }
  for (const path of [href, `${href}/ledger`, `${href}/poster`, `${href}/ledger.csv`]) {
    const { status, text } = await ask(port, { path });
    assert.ok(!text.includes(SECRET), `${path}: ${status} ${text}`);
    if (!path.endsWith(".csv")) assert.equal(status, 404, path);
  }
  await rm(film);
  execFileSync("mkfifo", [film]);
  assert.equal((await ask(port, { path: href })).status, 404);
});

test("a recording whose folder is gone is not found, and neither is any part of it", {
  timeout,
}, async (t) => {
  const { folder } = await newFolder(t);
  const { recorder, port } = await recorderFor(t, { folder });
  const { href } = recorder.recordings[0]!;
  await rename(folder, `${folder}-away`);
  const parts = ["", "/ledger", "/poster", "/ledger.csv", "/ledger.json"];
  const answers = await Promise.all(parts.map((part) => ask(port, { path: href + part })));
  for (const [n, { status, text }] of answers.entries())
    assert.deepEqual([status, JSON.parse(text).code], [404, "NOT_FOUND"], `${parts[n]}: ${text}`);
  await rename(`${folder}-away`, folder);
});

test("a folder that is itself a link is recorded to", { timeout }, async (t) => {
  const { folder } = await newFolder(t);
  const link = join(await folderFor(t), "films");
  await symlink(folder, link);
  const { recorder, port } = await recorderFor(t, { folder: link });
  const { status } = await ask(port, { path: recorder.recordings[0]!.href });
  assert.equal(status, 200);
});

test("a pipe in the place of a recording, its ledger or settings is refused, and nobody waits for it", {
  timeout,
}, async (t) => {
  const { folder, film } = await newFolder(t);
  const [pipe, settings] = [join(folder, "pipe.mkv"), join(folder, "settings.json")];
  execFileSync("mkfifo", [pipe, settings]);
  await assert.rejects(verifyRecording(pipe), {
    message: /'pipe.mkv' is not a file: it is a pipe/,
  });
  await rm(ledgerPathOf(film));
  execFileSync("mkfifo", [ledgerPathOf(film)]);
  const { ok, sentence } = await verifyRecording(film);
  assert.ok(!ok && /film.ledger.jsonl' is not a file: it is a pipe/.test(sentence), sentence);
  assert.deepEqual(await new SettingsFile(settings, silentLog).load(), {});
});

test("a start whose file cannot be listed since the disk hangs is told that, nothing records on, and the next one begins", {
  timeout,
}, async (t) => {
  const { folder, recorder, camera, client } = await recorderFor(t);
  const thing = await client();
  await thing.write("armed", false);
  const lane = await laneAt(join(folder, "film.mkv"));
  let answer = () => {};
  const hanging = lane.read(
    () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
  );
  const refused = assert.rejects(hanging, { code: "NOT_READY" });
  const starting = thing.invoke("start_recording", { name: "film" });
  await assert.rejects(starting, { code: "NOT_READY", message: /The disk has not answered for/ });
  await refused;
  answer();
  assert.deepEqual([recorder.state, camera.mjpeg_stream.demand.count], ["idle", 0]);
  await thing.invoke("start_recording", { name: "film" });
  await thing.invoke("stop_recording");
});
