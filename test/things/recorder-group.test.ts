import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecording, ThingHost, ThingServer, verifyRecording } from "thingscope";
import { Recorder, RecorderGroup } from "thingscope/things";
import { ThingClient } from "../../src/client/index.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { collect } from "../recording/recordings.ts";
import { folderFor, QuickCamera } from "./recorder-server.ts";

const timeout = 60_000;
const PERIOD_MS = 20;

interface Manifest {
  name: string;
  from: number;
  until: number;
  recordings: {
    recorder: string;
    camera: string;
    ended: string;
    captured: number;
    written: number;
    dropped: number;
    files: { name: string; first: number; last: number }[];
  }[];
}

/** Two cameras with a recorder each, and the group of these. */
async function groupFor(t: import("node:test").TestContext) {
  const folder = await folderFor(t);
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  for (const side of ["left", "right"]) {
    host.add(side, new QuickCamera());
    host.add(`${side}_recorder`, new Recorder({ folder, reserve_mb: 1 }), {
      slots: { camera: side },
    });
  }
  host.add("group", new RecorderGroup({ folder }));
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  for (const { state, reason } of host.things.values()) assert.equal(state, "open", reason);
  return { folder, host, thing: await ThingClient.connect(`${url}/group/`) };
}

test("cameras of a group are recorded from one moment to another, and a manifest says so", {
  timeout,
}, async (t) => {
  const { folder, thing } = await groupFor(t);
  assert.deepEqual(tdFaults(thing.td), []);
  const begun = (await thing.invoke("start_recording", { name: "trial" })) as { name: string }[];
  assert.deepEqual(
    begun.map(({ name }) => name),
    ["trial_left_recorder.mkv", "trial_right_recorder.mkv"],
  );
  assert.equal(await thing.read("busy"), true);
  await assert.rejects(thing.invoke("start_recording", {}), /records already/);
  await sleep(1200);
  const manifest = (await thing.invoke("stop_recording")) as Manifest;
  const written = JSON.parse(await readFile(join(folder, "trial.manifest.json"), "utf8"));
  assert.deepEqual(
    written.recordings.map(({ recorder }: { recorder: string }) => recorder),
    ["left_recorder", "right_recorder"],
  );
  assert.deepEqual([written.from, written.until], [manifest.from, manifest.until]);
  for (const { camera, captured, dropped, files, ended } of manifest.recordings) {
    assert.deepEqual([dropped, ended, files.length], [0, "stopped", 1], camera);
    const [{ name, first, last }] = files as [(typeof files)[0]];
    assert.ok(first >= manifest.from && last <= manifest.until, camera);
    await using film = await openRecording(join(folder, name));
    const frames = await collect(film.frames());
    assert.equal(frames.length, captured);
    assert.deepEqual([frames[0]!.capturedAt, frames.at(-1)!.capturedAt], [first, last]);
    assert.ok((await verifyRecording(join(folder, name))).ok);
    // The frame after the last came no later than after a slow machine's pause.
    assert.ok(manifest.until - last < 50 * PERIOD_MS, `${manifest.until - last} ms`);
  }
  assert.equal(await thing.read("busy"), false);
});

test("when one recorder cannot begin, none does, and no file is left", { timeout }, async (t) => {
  const { host, thing } = await groupFor(t);
  const right = host.get("right_recorder").thing as Recorder;
  const left = host.get("left_recorder").thing as Recorder;
  await host.get("right_recorder").invoke("start_recording", { name: "own" }).ended;
  await assert.rejects(thing.invoke("start_recording", { name: "trial" }), /records already/);
  assert.equal(await thing.read("busy"), false);
  while (left.busy) await sleep(10);
  await left.files.list;
  assert.deepEqual(
    left.recordings.filter(({ name }) => name.startsWith("trial")),
    [],
  );
  assert.equal(right.state, "recording");
});
