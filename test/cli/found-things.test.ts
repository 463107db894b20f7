import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { type Log, logTo } from "../../src/base/log.ts";
import { MOST_NAMES } from "../../src/cli/camera-names.ts";
import { foundConfig } from "../../src/cli/found-config.ts";
import { serverFromConfig } from "../../src/cli/serve.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import { CameraWatch } from "../../src/discovery/camera-watch.ts";
import { V4l2Cameras } from "../../src/discovery/v4l2-cameras.ts";
import { FakeSystem } from "../discovery/fake-system.ts";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Listed {
  id: string;
  thing: string | null;
  connected: boolean;
}

process.chdir(await temporaryFolder()); // recordings go to the current folder

/** A server without a configuration, whose cameras are those of a fake system: test cards stand in for their pictures. */
async function served(t: TestContext, system: FakeSystem, settings: string) {
  const logged: string[] = [];
  const log: Log = logTo((_, text) => void logged.push(text));
  const identities = new CameraIdentities();
  const details = async () => ({ isCamera: true, modes: [] });
  const finder = new V4l2Cameras({ roots: system.roots, identities, details });
  const list = async () =>
    (await finder.list()).map((camera) => ({
      ...camera,
      config: { class: "thingscope/things:TestCamera", kwargs: {} },
    }));
  const watch = new CameraWatch({ list, roots: system.roots, log });
  const { config, found, notes, remark } = await foundConfig({
    ...{ settings, simulated: false, log, watch, identities },
  });
  const server = await serverFromConfig(config, log);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  await found!.follow(server);
  const get = async <T>(path: string): Promise<T> =>
    (await fetch(`${url}${path}`, { signal: patience() })).json() as Promise<T>;
  const rescan = async () => {
    await found!.scan();
    return get<Listed[]>("/cameras/cameras");
  };
  return { server, url, notes, remark, logged, get, rescan };
}

async function setUp() {
  return { system: await FakeSystem.create(), settings: await temporaryFolder() };
}

test("each camera is a Thing of its title's name, and comes and goes while the server runs", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, settings } = await setUp();
  const unplug = await system.plug(0, { port: "1", serial: "A1", name: "HD Webcam (Nº 2)" });
  const { server, url, notes, remark, get, rescan } = await served(t, system, settings);
  assert.deepEqual(
    [...server.host.things.keys()],
    ["acme-hd-webcam-no-2", "acme-hd-webcam-no-2-recorder", "cameras"],
  );
  assert.equal(remark, undefined);
  assert.match(
    notes.get("acme-hd-webcam-no-2") ?? "",
    /^Acme HD Webcam \(Nº 2\) \(usb-046d:0825-A1\) at .*video0$/,
  );
  assert.equal((await get<{ title: string }>("/acme-hd-webcam-no-2/")).title, "Test camera");

  const events = await fetch(`${url}/directory/events/thing_created`, { signal: patience() });
  const told = await fetch(`${url}/cameras/camera_found`, {
    headers: { accept: "text/event-stream" },
    signal: patience(),
  });
  await system.plug(1, { port: "2", serial: "B2", name: "HD Webcam (Nº 2)" });
  await rescan();
  assert.ok(server.host.things.has("acme-hd-webcam-no-2-2"));
  const recorder = server.host.things.get("acme-hd-webcam-no-2-2-recorder");
  while (recorder?.state !== "open") await delay(10, patience());
  const recorded = await get("/acme-hd-webcam-no-2-2-recorder/recorded_camera");
  assert.equal(recorded, "acme-hd-webcam-no-2-2", "each has a Recorder");
  assert.equal((await fetch(`${url}/acme-hd-webcam-no-2-2/`)).status, 200);
  const { id } = await get<{ id: string }>("/acme-hd-webcam-no-2-2/");
  assert.ok((await firstChunk(events)).includes(id), "the directory tells of it");
  assert.match(await firstChunk(told), /"thing":"acme-hd-webcam-no-2-2"/);

  const thing = server.host.things.get("acme-hd-webcam-no-2");
  await fetch(`${url}/acme-hd-webcam-no-2/picture`, {
    ...{ method: "PUT", body: '"photograph"', headers: { "content-type": "application/json" } },
    signal: patience(),
  });
  await unplug();
  const without = await rescan();
  assert.deepEqual(without.map(({ thing, connected }) => [thing, connected]).sort(), [
    ["acme-hd-webcam-no-2", false],
    ["acme-hd-webcam-no-2-2", true],
  ]);
  await system.plug(7, { port: "1", serial: "A1", name: "HD Webcam (Nº 2)" });
  await rescan();
  assert.equal(server.host.things.get("acme-hd-webcam-no-2"), thing, "it is the same Thing");
  assert.equal(await get("/acme-hd-webcam-no-2/picture"), "photograph", "with its settings");
});

test("names are the same after a restart, of cameras that are not plugged in, too", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, settings } = await setUp();
  const unplug = await system.plug(0, { port: "1", name: "Webcam" });
  await system.plug(1, { port: "2", name: "Webcam" });
  const first = await served(t, system, settings);
  const before = await first.rescan();
  await first.server.close();
  await unplug();
  const second = await served(t, system, settings);
  const after = await second.rescan();
  const named = (list: Listed[]) => list.map(({ id, thing }) => `${id} ${thing}`).sort();
  assert.deepEqual(named(after), named(before));
  assert.match(second.notes.get(before[0]?.thing ?? "") ?? "", /is not plugged in/);

  const forget = await fetch(`${second.url}/cameras/forget`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ thing: before[0]?.thing }),
  });
  assert.equal(forget.status, 201);
  while (second.server.host.things.has(before[0]!.thing!)) await delay(10, patience());
  assert.deepEqual(named(await second.rescan()), named(before.slice(1)));
  const kept = await readFile(join(settings, "cameras", "known-cameras.json"), "utf8");
  assert.equal(JSON.parse(kept).cameras.length, 1);
});

test("without a camera the microscope is served and told to be simulated; a camera that comes is served beside it", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, settings } = await setUp();
  const { server, remark, rescan } = await served(t, system, settings);
  assert.deepEqual(
    [...server.host.things.keys()],
    ["camera", "stage", "autofocus", "recorder", "camera_stage_mapping", "scan", "cameras"],
  );
  assert.match(remark ?? "", /^No camera was found.*SIMULATED/);
  await system.plug(0, { port: "1", name: "Camera" });
  await rescan();
  const states = [...server.host.things.values()].map(({ name, state }) => `${name} ${state}`);
  assert.ok(states.includes("autofocus open"), states.join());
  assert.ok(server.host.things.has("acme-camera"), states.join());
});

test("what a person broke in the file of names is left out, and no name is taken twice", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, settings } = await setUp();
  const good = { id: "usb-1:2", kind: "v4l2", title: "One", address: "/dev/video0", name: "one" };
  const config = { class: "thingscope/things:TestCamera", kwargs: {} };
  const cameras = [
    ...[
      { ...good, config },
      { ...good, id: "other", config },
      { ...good, id: "bad name", name: "a/b", config },
    ],
    ...[{ ...good, id: "reserved", name: "assets", config }, { ...good, id: "no config" }, 7, null],
  ];
  await writeNames(settings, { cameras, identities: [1, { id: "usb-1:2" }] });
  const { server } = await served(t, system, settings);
  assert.deepEqual([...server.host.things.keys()], ["one", "one-recorder", "cameras"]);
});

test(`of more than ${MOST_NAMES} cameras those that have been away for longest give way`, {
  timeout: TEST_MS,
}, async (t) => {
  const { system, settings } = await setUp();
  const config = { class: "thingscope/things:TestCamera", kwargs: {} };
  const cameras = Array.from({ length: MOST_NAMES }, (_, at) => ({
    ...{ id: `usb-${at}`, kind: "v4l2", title: "", address: "", name: `camera-${at}`, config },
  }));
  await writeNames(settings, { cameras });
  const { server, rescan } = await served(t, system, settings);
  await system.plug(0, { port: "1", name: "New" });
  await rescan();
  const names = [...server.host.things.keys()];
  assert.ok(names.includes("acme-new") && names.includes("camera-1"), names.join());
  assert.ok(!names.includes("camera-0") && !names.includes("camera-0-recorder"), names.join());
});

/** Writes the file of names, as an earlier run left it. */
async function writeNames(settings: string, value: unknown): Promise<void> {
  await mkdir(join(settings, "cameras"), { recursive: true });
  await writeFile(join(settings, "cameras", "known-cameras.json"), JSON.stringify(value));
}

async function firstChunk(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  let text = "";
  while (!text.includes("data:")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return text;
}
