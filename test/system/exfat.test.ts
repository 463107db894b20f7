import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exportRecording, verifyRecording } from "thingscope/recording";
import { laneAt } from "../../src/base/disk-lane.ts";
import { silentLog } from "../../src/base/log.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { ThingClient } from "../../src/client/index.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { needsFuse, needsLong } from "../needs.ts";
import { eventually } from "../streams/watching.ts";
import { openIn } from "../things/at-once.ts";
import { armed, recorderFor } from "../things/recorder-server.ts";
import { newExfat } from "./exfat.ts";

const timeout = TEST_MS;
const FUSE = needsFuse("mounts a disk");
const LONG = needsLong(FUSE);

test("on exFAT recordings, stills, exports and settings are made, and nothing is overwritten", {
  timeout,
  ...FUSE,
}, async (t) => {
  const { folder } = await newExfat(t);
  const { recorder } = await recorderFor(t, { folder });
  await armed(recorder);
  const { path } = await recorder.record({});
  while (recorder.state !== "buffering") await sleep(20);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  for (const wanted of ["made.mp4", "made-2.mp4"]) {
    const made = await exportRecording(path, { format: "mp4", path: join(folder, "made.mp4") });
    assert.equal(made.path, join(folder, wanted));
  }
  const settings = new SettingsFile(join(folder, "settings.json"), silentLog);
  for (const n of [1, 2]) await settings.save({ n });
  assert.deepEqual(await settings.load(), { n: 2 });
  const names = await readdir(folder);
  assert.ok(
    names.includes(".lock") && !names.some((name) => name.endsWith(".part")),
    String(names),
  );
});

test("a disk that hangs is told of, leaves pictures and lists alone, and does not keep the server from ending", {
  timeout,
  ...LONG,
}, async (t) => {
  const stick = await newExfat(t);
  const config = (await readFile(packagePath("examples", "recorder.yaml"), "utf8"))
    .replace("folder: recordings", `folder: ${stick.folder}`)
    .replace("quota_mb: 2000", "reserve_mb: 1");
  const server = await serveCli(t, await folderWith({ "c.yaml": config }), "c.yaml");
  const recorder = await ThingClient.connect(`${server.url}/recorder/`);
  await recorder.invoke("start_recording", { name: "nest" });
  await sleep(1500);
  stick.hang();
  const paths = ["/recorder/recordings", "/health", "/camera/mjpeg_stream/snapshot?width=320"];
  const all = async () => {
    const answers = await Promise.all(paths.map((path) => fetch(server.url + path)));
    return Promise.all(
      answers.map(async (answer) => ({ status: answer.status, body: await answer.text() })),
    );
  };
  const [list] = await all();
  const [{ href }] = JSON.parse(list!.body);
  // Each of these would hold a thread, and there are four.
  const downloads = Array.from({ length: 8 }, () => fetch(new URL(href, server.url)));
  for (const download of downloads) assert.equal((await download).status, 503);
  const answers = await all();
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  const { status, reasons } = JSON.parse(answers[1]!.body);
  assert.equal(status, "degraded");
  assert.match(
    reasons.join(" "),
    new RegExp(`The disk of ${stick.folder} has not answered for \\d+ s`),
  );
  const trouble = async () => ((await recorder.read("disk")) as { trouble?: string }).trouble;
  while (!/has not answered/.test((await trouble()) ?? "")) await sleep(100);
  const elapsed = new Elapsed(server.child.pid!);
  const ended = server.stop("SIGTERM");
  // The kernel keeps a thread whose question the driver has read until that answers; all else of the process is gone.
  while (existsSync(`/proc/${server.child.pid}/exe`)) await sleep(20);
  assert.ok(elapsed.ms < 10_500, `${elapsed.ms} ms`);
  stick.goOn();
  await ended;
});

test("a download that was refused since its disk hangs leaves nothing open when that answers again", {
  timeout,
  ...LONG,
}, async (t) => {
  const stick = await newExfat(t);
  const { recorder, camera, url, client } = await recorderFor(t, { folder: stick.folder });
  const thing = await client();
  await thing.write("armed", false);
  await thing.invoke("start_recording", { name: "nest" });
  const { added } = camera.mjpeg_stream.stats;
  await eventually(() => camera.mjpeg_stream.stats.added > added + 5);
  await thing.invoke("stop_recording");
  const { href } = recorder.recordings[0]!;
  stick.hang();
  assert.equal((await fetch(new URL(href, url))).status, 503);
  stick.goOn();
  const lane = await laneAt(join(stick.folder, "nest.mkv"));
  await eventually(() => lane.hungMs === 0);
  await lane.read(async () => {}); // all that was asked for before is over
  assert.deepEqual(await openIn(stick.folder), []);
});
