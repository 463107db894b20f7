import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TEST_MS } from "../limits.ts";
import { ask } from "../server/requests.ts";
import { eventually } from "../streams/watching.ts";
import { armed, folderFor, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a quota that is used up binds triggers, timelapses, stills and recordings: 507, and told as an event", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const others = join(folder, "others.jpg");
  await writeFile(others, new Uint8Array(200_000));
  const { recorder, client } = await recorderFor(t, { folder, quota_mb: 0.15 });
  const told: string[] = [];
  recorder.no_room.on(({ why }) => void told.push(why));
  await armed(recorder);
  const thing = await client();
  const wanted = {
    record: { max_delay: 30 },
    start_recording: {},
    timelapse: { interval: 0.1 },
    capture_still: { settle: false },
  };
  for (const [action, input] of Object.entries(wanted)) {
    await assert.rejects(thing.invoke(action, input), { code: "NO_ROOM", status: 507 }, action);
  }
  assert.equal(told.length, 4);
  for (const why of told) assert.match(why, /the quota of 0.15 MB is used up\. Delete or move/);
  const names = (await readdir(folder)).filter((name) => name !== "others.jpg");
  assert.deepEqual(
    names.filter((name) => !name.startsWith(".lock")),
    [],
  );
  await rm(others);
  await thing.invoke("capture_still", { settle: false });
});

test("a timelapse ends with its reason when the quota is used up, long before its next picture", {
  timeout,
}, async (t) => {
  const { recorder, folder, host } = await recorderFor(t, { quota_mb: 0.1 });
  const run = host.get("recorder").invoke("timelapse", { name: "growth", interval: 3600 });
  await eventually(() => (run.progress?.message ?? "").startsWith("1 "));
  await host.get("recorder").invoke("capture_still", { name: "cell", settle: false }).ended;
  await writeFile(join(folder, "others.jpg"), new Uint8Array(200_000));
  await run.ended;
  assert.equal(run.status, "completed");
  const file = recorder.recordings.find(({ name }) => name === "growth.mkv");
  assert.equal(file?.toJSON().ended, "the quota of 0.1 MB is used up");
  assert.equal(recorder.busy, false);
});

test("/metrics counts for each Recorder what it has written, and what it lost with the reason", {
  timeout,
}, async (t) => {
  const { recorder, folder, client, port } = await recorderFor(t, {}, { more: ["other"] });
  const read = async () => {
    const text = (await ask(port, { path: "/metrics" })).text;
    const lines = text.split("\n").filter((line) => /^thingscope_recorder_/.test(line));
    return new Map(
      lines.map((line) => [line.replace(/ [^ ]+$/, ""), Number(line.split(" ").at(-1))]),
    );
  };
  const written = 'thingscope_recorder_frames_total{thing="recorder"}';
  const thing = await client();
  await thing.invoke("start_recording", { name: "nest" });
  while (!((await read()).get(written)! > 3)) await sleep(20);
  const summary = (await thing.invoke("stop_recording")) as { written: number };
  const counts = await read();
  assert.equal(counts.get(written), summary.written);
  assert.equal(counts.get('thingscope_recorder_frames_total{thing="other"}'), 0);
  assert.equal(counts.get('thingscope_recorder_failed_exports_total{thing="recorder"}'), 0);
  const lost = new Promise((resolve) => recorder.recording_lost.on(resolve));
  await thing.invoke("start_recording", { name: "lost" });
  while (!((await read()).get(written)! > summary.written)) await sleep(20);
  await rm(folder, { recursive: true });
  await lost;
  const reason =
    'thingscope_recorder_lost_frames_total{thing="recorder",reason="its folder was removed"}';
  assert.ok((await read()).get(reason)! > 0, JSON.stringify([...(await read())]));
});
