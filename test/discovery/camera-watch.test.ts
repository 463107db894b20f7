import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import {
  type CameraChange,
  CameraWatch,
  type LocalCamera,
} from "../../src/discovery/camera-watch.ts";
import { V4l2Cameras } from "../../src/discovery/v4l2-cameras.ts";
import { TEST_MS } from "../limits.ts";
import { FakeSystem } from "./fake-system.ts";

/** A watch of a fake system, and its changes one after the other. */
async function watched(t: TestContext, list?: () => Promise<readonly LocalCamera[]>) {
  const system = await FakeSystem.create();
  const { roots } = system;
  const details = async () => ({ isCamera: true, modes: [] });
  const finder = new V4l2Cameras({ roots, identities: new CameraIdentities(), details });
  const logged: string[] = [];
  const log = logTo((_, text) => void logged.push(text));
  const watch = new CameraWatch({ list: list ?? (() => finder.list()), roots, log });
  t.after(() => watch.stop());
  const changes: CameraChange[] = [];
  let wake = () => {};
  watch.onChange((change) => {
    changes.push(change);
    wake();
  });
  const next = async (): Promise<{ found: string[]; lost: string[] }> => {
    while (changes.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const { found, lost } = changes.shift()!;
    return { found: found.map(({ id }) => id), lost: lost.map(({ id }) => id) };
  };
  return { system, watch, next, changes, logged };
}

const ONE = "usb-046d:0825-A1";

test("cameras that come, go and come back under another number are told", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, watch, next } = await watched(t);
  const unplug = await system.plug(0, { port: "1", serial: "A1" });
  await watch.start();
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
  await unplug();
  assert.deepEqual(await next(), { found: [], lost: [ONE] });
  assert.equal(watch.cameras.length, 0);
  await system.plug(3, { port: "1", serial: "A1" });
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
  assert.equal(watch.cameras[0]?.address, join(system.roots.dev, "video3"));
});

test("one that was back before anybody looked is lost and found", {
  timeout: TEST_MS,
}, async (t) => {
  const before: LocalCamera = {
    ...{ id: "one", kind: "v4l2", title: "", address: "/dev/video0", modes: [], instance: "1" },
    config: { class: "", kwargs: {} },
  };
  const after = { ...before, instance: "2" };
  let looks = 0;
  const { watch, changes } = await watched(t, async () => [looks++ === 0 ? before : after]);
  await watch.start();
  await watch.scan();
  await watch.scan();
  assert.deepEqual(changes, [
    { found: [before], lost: [] },
    { found: [after], lost: [before] },
  ]);
});

test("a change is seen without events of /dev, too", { timeout: TEST_MS }, async (t) => {
  const { system, watch, next } = await watched(t);
  await rename(system.roots.dev, `${system.roots.dev}-aside`); // it cannot be watched
  await watch.start();
  await rename(`${system.roots.dev}-aside`, system.roots.dev);
  await system.plug(0, { port: "1", serial: "A1" });
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
});

test("a flood of events of other devices ends the watching of /dev, not the looking", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, watch, next, logged } = await watched(t);
  await watch.start();
  for (let count = 0; !logged.join().includes("too many events"); count++) {
    await writeFile(join(system.roots.dev, "null"), String(count));
  }
  await system.plug(0, { port: "1", serial: "A1" });
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
});

test("a camera whose device file may not be opened yet is told once it may be", {
  timeout: TEST_MS,
}, async (t) => {
  let looks = 0;
  const camera = {
    id: "one",
    kind: "v4l2",
    title: "",
    address: "/dev/video0",
    modes: [],
    config: { class: "", kwargs: {} },
    instance: "1",
  } as const;
  const list = async () => {
    looks += 1;
    return looks === 1
      ? []
      : [looks < 5 ? { ...camera, problem: "This user may not open it." } : camera];
  };
  const { watch, changes } = await watched(t, list);
  await watch.start();
  await watch.scan();
  assert.equal(looks, 5);
  assert.deepEqual(changes, [{ found: [camera], lost: [] }]);
});

test("a camera that is going, and has lost its device file first, is told once", {
  timeout: TEST_MS,
}, async (t) => {
  const camera: LocalCamera = {
    ...{ id: "one", kind: "v4l2", title: "", address: "/dev/video0", modes: [], instance: "1" },
    config: { class: "", kwargs: {} },
  };
  const looks: LocalCamera[][] = [
    [camera],
    [{ ...camera, problem: "There is no device file." }],
    [],
  ];
  const { watch, changes } = await watched(t, async () => looks.shift() ?? []);
  await watch.start();
  await watch.scan();
  assert.deepEqual(changes, [
    { found: [camera], lost: [] },
    { found: [], lost: [camera] },
  ]);
});

test("a camera that may never be opened is told with its reason, and again when that has changed", {
  timeout: TEST_MS,
}, async (t) => {
  const { system, watch, next } = await watched(t);
  await mkdir(join(system.roots.dev, "aside"));
  await system.plug(0, { port: "1", serial: "A1" });
  const file = join(system.roots.dev, "video0");
  await rename(file, join(system.roots.dev, "aside", "video0"));
  await watch.start();
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
  assert.match(watch.cameras[0]?.problem ?? "", /no device file/);
  await rename(join(system.roots.dev, "aside", "video0"), file);
  assert.deepEqual(await next(), { found: [ONE], lost: [] });
  assert.equal(watch.cameras[0]?.problem, undefined);
});

test("a look that fails is logged, and what was known stays", { timeout: TEST_MS }, async (t) => {
  const { watch, logged } = await watched(t, async () => {
    throw new Error("sysfs is gone");
  });
  await watch.start();
  assert.deepEqual(watch.cameras, []);
  assert.match(logged.join(), /cannot be listed: sysfs is gone/);
});
