import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import type { NodeDetails } from "../../src/discovery/node-details.ts";
import { cameraNode, V4l2Cameras } from "../../src/discovery/v4l2-cameras.ts";
import { TEST_MS } from "../limits.ts";
import { FakeSystem } from "./fake-system.ts";

const MODES = { isCamera: true, modes: [{ format: "MJPG", width: 640, height: 480, rates: [30] }] };

async function setUp() {
  const system = await FakeSystem.create();
  const identities = new CameraIdentities();
  const asked: string[] = [];
  const options = { roots: system.roots, identities };
  const finder = new V4l2Cameras({
    ...options,
    details: async (path) => {
      asked.push(path);
      return MODES;
    },
  });
  return { system, finder, identities, asked, options };
}

test("a USB camera is found with its title, its modes and an entry for a configuration", async () => {
  const { system, finder } = await setUp();
  await system.plug(0, { port: "1.3", serial: "1A2B3C", name: "HD Webcam" });
  const [camera, ...others] = await finder.list();
  assert.deepEqual(others, []);
  assert.equal(camera?.id, "usb-046d:0825-1A2B3C");
  assert.equal(camera.title, "Acme HD Webcam");
  assert.equal(camera.address, join(system.roots.dev, "video0"));
  assert.deepEqual(camera.modes, MODES.modes);
  assert.deepEqual(camera.config, {
    class: "thingscope/things:V4L2Camera",
    kwargs: { device: "usb-046d:0825-1A2B3C" },
  });
  assert.equal(camera.problem, undefined);
});

test("a camera that comes back under another number, or at another port, has the id that it had", async () => {
  const { system, finder, options } = await setUp();
  const unplug = await system.plug(0, { port: "1", serial: "1A2B3C" });
  const [first] = await finder.list();
  await unplug();
  assert.deepEqual(await finder.list(), []);
  const again = await system.plug(4, { port: "1", serial: "1A2B3C" });
  assert.equal((await finder.list())[0]?.id, first?.id);
  await again();
  await system.plug(2, { port: "3.1", serial: "1A2B3C" });
  assert.equal((await finder.list())[0]?.id, first?.id);
  assert.equal(await cameraNode(first!.id, options), join(system.roots.dev, "video2"));
});

test("two cameras of one serial number, or without one, are told apart by their ports", async () => {
  for (const serial of ["SN0001", undefined]) {
    const { system, finder, identities, options } = await setUp();
    const same = serial === undefined ? {} : { serial };
    const left = await system.plug(0, { port: "1", ...same });
    const [alone] = await finder.list();
    const right = await system.plug(2, { port: "2", ...same });
    const [one, two] = await finder.list();
    assert.equal(one?.id, alone?.id, "it is the same while it stays plugged in");
    assert.equal(two?.id, `usb-046d:0825${serial ? `-${serial}` : ""}@0000:00:14.0/usb2/2`);
    await left();
    await right();
    await system.plug(0, { port: "2", ...same }); // under the number that the other one had
    assert.equal((await finder.list())[0]?.id, two.id);
    assert.equal(await cameraNode(two.id, options), join(system.roots.dev, "video0"));
    await assert.rejects(cameraNode(alone!.id, options), /is not plugged in. These are: .*usb2\/2/);
    const later = new CameraIdentities();
    later.remember(identities.known);
    const after = new V4l2Cameras({
      roots: system.roots,
      identities: later,
      details: async () => MODES,
    });
    assert.equal((await after.list())[0]?.id, two.id, "after a restart, too");
  }
});

test("an id with a port means that port, also when it was read from a configuration", async () => {
  const { system, options } = await setUp();
  await system.plug(0, { port: "1", serial: "SN0001" });
  const id = "usb-046d:0825-SN0001@0000:00:14.0/usb2/2";
  await assert.rejects(cameraNode(id, options), { code: "NOT_READY" });
  await system.plug(1, { port: "2", serial: "SN0001" });
  assert.equal(await cameraNode(id, options), join(system.roots.dev, "video1"));
  assert.equal(await cameraNode("/dev/video7", options), "/dev/video7");
});

test("nodes for metadata and of codecs are not cameras, whether they can be asked or not", async () => {
  const { system, finder, identities } = await setUp();
  await system.plug(0, { port: "1", serial: "1A2B", metadata: true });
  await system.builtIn(10, "bcm2835-codec", "bcm2835-codec-decode");
  await system.builtIn(11, "vivid.0", "vivid-000-vid-cap");
  await system.builtIn(12, "vivid.0", "vivid-001-vid-cap");
  const unasked = new V4l2Cameras({
    roots: system.roots,
    identities,
    details: async () => undefined,
  });
  const ids = (await unasked.list()).map(({ id }) => id);
  assert.deepEqual(ids, [
    "usb-046d:0825-1A2B",
    "vivid.0-vivid-000-vid-cap",
    "vivid.0-vivid-001-vid-cap",
  ]);
  const asked = new V4l2Cameras({
    ...{ roots: system.roots, identities },
    details: async (path) => ({ ...MODES, isCamera: path.endsWith("video10") }),
  });
  assert.deepEqual(
    (await asked.list()).map(({ title }) => title),
    ["bcm2835-codec-decode"],
  );
  assert.equal((await finder.list()).length, 5);
});

test("a camera whose driver hangs is listed without its modes, and is waited for once", async () => {
  const system = await FakeSystem.create();
  let answer = (_: NodeDetails) => {};
  const hanging = new Promise<NodeDetails>((resolve) => {
    answer = resolve;
  });
  const finder = new V4l2Cameras({
    ...{ roots: system.roots, identities: new CameraIdentities(), answerMs: 50 },
    details: (path) => (path.endsWith("video0") ? hanging : Promise.resolve(MODES)),
  });
  await system.plug(0, { port: "1", serial: "HANGS1" });
  await system.plug(2, { port: "2", serial: "SOUND1" });
  const modesNow = async () => (await finder.list()).map(({ modes }) => modes.length);
  assert.deepEqual(await modesNow(), [0, 1]);
  assert.deepEqual(await modesNow(), [0, 1]);
  answer(MODES);
  await hanging;
  assert.deepEqual(await modesNow(), [1, 1]);
});

test("a node is asked once for each time that its camera is plugged in", async () => {
  const { system, finder, asked } = await setUp();
  const unplug = await system.plug(0, { port: "1", serial: "1A2B" });
  await finder.list();
  await finder.list();
  assert.equal(asked.length, 1);
  await unplug();
  await system.plug(0, { port: "1", serial: "1A2B" }); // never seen away
  await finder.list();
  assert.equal(asked.length, 2);
});

test("a camera without its device file is listed with what to do", {
  timeout: TEST_MS,
}, async () => {
  const { system, finder, asked } = await setUp();
  await system.plug(0, { port: "1", serial: "1A2B" });
  await rm(join(system.roots.dev, "video0"));
  const [camera] = await finder.list();
  assert.match(camera?.problem ?? "", /no device file .*video0: in a container.*--device/);
  assert.deepEqual(asked, []);
});

test("text of a device is one line without what a terminal would act on", async () => {
  const { system, finder } = await setUp();
  await system.plug(0, {
    port: "1",
    serial: "a\u001b[2J b\nc",
    name: "Acme \u001b]0;Cam\u0007\nera",
  });
  const [camera] = await finder.list();
  assert.equal(camera?.title, "Acme ]0;Cam era");
  assert.equal(camera.id, "usb-046d:0825-a_2J_b_c");
});
