import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ThingHost, ThingServer } from "thingscope";
import { openRecording, verifyRecording } from "thingscope/recording";
import { Recorder, RecorderGroup, type RecorderGroupOptions } from "thingscope/things";
import { ThingClient } from "../../src/client/index.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { TEST_MS } from "../limits.ts";
import { collect } from "../recording/recordings.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor, QuickCamera } from "./recorder-server.ts";

const timeout = TEST_MS;
const PERIOD_MS = 20;

const OLDER = JSON.stringify({ manifest: 1, from: 1, until: 2, started: "", recordings: [] });

interface Manifest {
  name: string;
  from: number;
  until: number;
  quality: {
    sets: number;
    medianMs: number;
    p95Ms: number;
    worstMs: number;
    uncertaintyMs: number;
  };
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

/** Two cameras with a recorder each, and the group of these, or several. */
async function groupFor(
  t: TestContext,
  there: Readonly<Record<string, string>> = {},
  groups: readonly string[] = ["group"],
  limits: RecorderGroupOptions = { reserve_mb: 1 },
) {
  const folder = await folderFor(t);
  for (const [name, text] of Object.entries(there)) await writeFile(join(folder, name), text);
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  const cameras = [new QuickCamera(), new QuickCamera()];
  for (const [n, side] of ["left", "right"].entries()) {
    host.add(side, cameras[n]!);
    host.add(`${side}_recorder`, new Recorder({ folder, reserve_mb: 1 }), {
      slots: { camera: side },
    });
  }
  const slots = { recorders: ["left_recorder", "right_recorder"] };
  for (const group of groups) host.add(group, new RecorderGroup({ folder, ...limits }), { slots });
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  for (const { state, reason } of host.things.values()) assert.equal(state, "open", reason);
  return { folder, host, url, cameras, thing: await ThingClient.connect(`${url}/group/`) };
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
  await assert.rejects(thing.invoke("start_recording", {}), /is already recording/);
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
  const { sets, medianMs, p95Ms, worstMs, uncertaintyMs } = manifest.quality;
  assert.ok(sets > 1 && medianMs <= p95Ms && p95Ms <= worstMs, JSON.stringify(manifest.quality));
  assert.equal(uncertaintyMs, 0, "all times are by one clock");
});

test("manifests are listed and fetched like recordings, also those of before, and go with DELETE", {
  timeout,
}, async (t) => {
  const { folder, thing, url, cameras } = await groupFor(t, {
    "older.manifest.json": OLDER,
    "x.manifest.json": "{",
  });
  await thing.invoke("start_recording", { name: "trial" });
  const numbers = () => cameras.map(({ mjpeg_stream }) => mjpeg_stream.lastFrameIndex);
  const begun = numbers();
  await eventually(() => numbers().every((last, n) => last > begun[n]! + 10));
  const manifest = (await thing.invoke("stop_recording")) as Manifest;
  type Listed = { id: string; name: string; href: string; recorders: number; frames: number };
  const list = (await thing.read("manifests")) as Listed[];
  assert.deepEqual(
    list.map(({ name, recorders }) => [name, recorders]),
    [
      ["trial.manifest.json", 2],
      ["older.manifest.json", 0],
    ],
  );
  const [{ id, href, frames }] = list as [Listed];
  assert.ok(frames > 10);
  for (const address of [href, `${url}/recordings/${id}`, `${url}/group/manifests/${id}`]) {
    const answer = await fetch(new URL(address, url));
    assert.equal(answer.headers.get("content-type"), "application/json");
    const { from, until, name } = (await answer.json()) as Manifest;
    assert.deepEqual([from, until, name], [manifest.from, manifest.until, "trial"]);
  }
  const all = (await (await fetch(`${url}/recordings`)).json()) as Listed[];
  const names = all.map(({ name }) => name);
  assert.equal(
    new Set(names).size,
    names.length,
    "each once, though both recorders list the folder",
  );
  assert.ok(names.includes("trial.manifest.json") && names.includes("trial_left_recorder.mkv"));
  assert.equal((await fetch(`${url}/group/manifests/${id}`, { method: "DELETE" })).status, 204);
  assert.ok(!(await readdir(folder)).includes("trial.manifest.json"));
});

test("when one recorder cannot begin, none does, and no file is left", { timeout }, async (t) => {
  const { host, thing } = await groupFor(t);
  const right = host.get("right_recorder").thing as Recorder;
  const left = host.get("left_recorder").thing as Recorder;
  await host.get("right_recorder").invoke("start_recording", { name: "own" }).ended;
  await assert.rejects(thing.invoke("start_recording", { name: "trial" }), /is already recording/);
  assert.equal(await thing.read("busy"), false);
  while (left.busy) await sleep(10);
  await left.files.list;
  assert.deepEqual(
    left.recordings.filter(({ name }) => name.startsWith("trial")),
    [],
  );
  assert.equal(right.state, "recording");
});

test("two groups in one folder list the same manifests, and neither has one that is deleted", {
  timeout,
}, async (t) => {
  const { url, thing } = await groupFor(t, {}, ["group", "other"]);
  await thing.invoke("start_recording", { name: "trial" });
  await thing.invoke("stop_recording");
  const listed = async (group: string) =>
    (await (await fetch(`${url}/${group}/manifests`)).json()) as { id: string; name: string }[];
  const [own, theirs] = [await listed("group"), await listed("other")];
  assert.deepEqual(
    [own.map(({ name }) => name), theirs.map(({ name }) => name)],
    [["trial.manifest.json"], ["trial.manifest.json"]],
  );
  const { id } = own[0]!;
  assert.equal((await fetch(`${url}/other/manifests/${id}`, { method: "DELETE" })).status, 204);
  assert.deepEqual([await listed("group"), await listed("other")], [[], []]);
});

test("of two groups with the same recorders that start at once, one records and the other leaves nothing", {
  timeout,
}, async (t) => {
  const { folder, host, url, thing } = await groupFor(t, {}, ["group", "other"]);
  const other = await ThingClient.connect(`${url}/other/`);
  for (let round = 0; round < 3; round++) {
    const starts = await Promise.allSettled([
      thing.invoke("start_recording", { name: `a${round}` }),
      other.invoke("start_recording", { name: `b${round}` }),
    ]);
    assert.deepEqual(starts.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    const [winner, loser] = starts[0]?.status === "fulfilled" ? ["a", "b"] : ["b", "a"];
    const { mjpeg_stream } = host.get("left").thing as QuickCamera;
    const { added } = mjpeg_stream.stats;
    await eventually(() => mjpeg_stream.stats.added > added + 3);
    await (winner === "a" ? thing : other).invoke("stop_recording");
    const names = await readdir(folder);
    assert.equal(names.filter((name) => name.startsWith(`${loser}${round}`)).length, 0);
    assert.ok(names.includes(`${winner}${round}.manifest.json`));
  }
  for (const { thing: one } of host.things.values()) {
    if (one instanceof Recorder || one instanceof RecorderGroup) assert.equal(one.busy, false);
  }
});

test("a group whose folder has no room for a manifest begins nothing; when there is room, it begins", {
  timeout,
}, async (t) => {
  const others = { "others.jpg": "x".repeat(99_000) };
  const { thing, folder } = await groupFor(t, others, ["group"], { quota_mb: 0.1, reserve_mb: 1 });
  const refused = { code: "NO_ROOM", status: 507, message: /the quota of 0.1 MB is used up/ };
  await assert.rejects(thing.invoke("start_recording", { name: "duet" }), refused);
  const films = async () => (await readdir(folder)).filter((name) => name.endsWith(".mkv"));
  assert.deepEqual([await films(), await thing.read("busy")], [[], false]);
  await rm(join(folder, "others.jpg"));
  await thing.invoke("start_recording", { name: "duet" });
  const { recordings } = (await thing.invoke("stop_recording")) as Manifest;
  assert.equal(recordings.length, 2);
  assert.ok((await readdir(folder)).includes("duet.manifest.json"));
});
