// Settings of other versions: every form that a version of this program has written is read, and what a newer one writes outlives an older one.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { logTo, setting, Thing, ThingHost } from "thingscope";
import { CameraStageMapping, SimulatedCamera, SimulatedStage, TestCamera } from "thingscope/things";
import { Type } from "typebox";
import { now, wallTime } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { CameraNames } from "../../src/cli/camera-names.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { hmac } from "../../src/server/access/login/secrets.ts";
import { SessionStore } from "../../src/server/access/login/session-store.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Files as versions have written them, by their paths in the folder of settings. */
type Files = Readonly<Record<string, object>>;

async function folderOf(files: Files): Promise<string> {
  const folder = await temporaryFolder("settings-");
  for (const [name, values] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    // As src/core/settings-file.ts has written it since the first version.
    await writeFile(join(folder, name), `${JSON.stringify(values, undefined, 4)}\n`, {
      mode: 0o600,
    });
  }
  return folder;
}

async function fileIn(folder: string, name: string) {
  return JSON.parse(await readFile(join(folder, name), "utf8"));
}

async function opened(t: TestContext, files: Files, things: Readonly<Record<string, Thing>>) {
  const settingsFolder = await folderOf(files);
  const warnings: string[] = [];
  const log = logTo((level, text) => level === "warn" && warnings.push(text));
  const host = new ThingHost({ settingsFolder, log });
  for (const [name, thing] of Object.entries(things)) {
    const isMapping = thing instanceof CameraStageMapping;
    host.add(name, thing, isMapping ? { slots: { camera: "camera", stage: "stage" } } : {});
  }
  await host.open();
  t.after(() => host.close());
  return { host, settingsFolder, warnings };
}

const CALIBRATION = {
  image_to_stage_displacement_matrix: [
    [0, 2.5],
    [2.5, 0],
  ],
  image_resolution: [480, 640],
  pixel_size_um: 0.5,
  backlash_steps: { x: 4, y: 6 },
  axis_inverted: { x: false, y: true },
  calibrated: "2026-11-30T09:00:00.000Z",
};

test("settings of every version since the first are what Things begin with", async (t) => {
  const [camera, card, stage] = [new SimulatedCamera(), new TestCamera(), new SimulatedStage()];
  const mapping = new CameraStageMapping();
  const files = {
    "camera/Settings-SimulatedCamera.json": { settling_time: 0.7 },
    "card/Settings-TestCamera.json": { settling_time: 0.2, picture: "photograph", animated: true },
    "stage/Settings-SimulatedStage.json": {
      backlash_steps: { x: 1, y: 2, z: 3 },
      axis_inverted: { x: true, y: false, z: false },
    },
    "mapping/Settings-CameraStageMapping.json": { last_calibration: CALIBRATION },
  };
  const { warnings } = await opened(t, files, { camera, card, stage, mapping });
  assert.deepEqual(warnings, []);
  assert.equal(camera.settling_time, 0.7);
  assert.deepEqual([card.picture, card.animated], ["photograph", true]);
  assert.deepEqual(stage.backlash_steps, { x: 1, y: 2, z: 3 });
  assert.deepEqual(stage.axis_inverted, { x: true, y: false, z: false });
  assert.deepEqual(mapping.last_calibration, CALIBRATION);
});

test("a value that the first version took and this one refuses is told, and stays in the file", async (t) => {
  // Backlash had no minimum until 0.1.0.
  const values = {
    backlash_steps: { x: -5, y: 0, z: 0 },
    axis_inverted: { x: false, y: true, z: false },
  };
  const stage = new SimulatedStage();
  const name = "stage/Settings-SimulatedStage.json";
  const { host, settingsFolder, warnings } = await opened(t, { [name]: values }, { stage });
  assert.deepEqual(stage.backlash_steps, { x: 200, y: 200, z: 200 });
  assert.match(warnings.join("\n"), /backlash_steps.*It keeps its default\. The saved value stays/);
  await host.things.get("stage")!.writeProperty("axis_inverted", { x: true, y: true, z: true });
  await host.close();
  const saved = await fileIn(settingsFolder, name);
  assert.deepEqual(saved, { ...values, axis_inverted: { x: true, y: true, z: true } });
});

class Lamp extends Thing {
  @setting("Brightness", Type.Number({ maximum: 100 })) accessor brightness = 50;
  @setting("Colour", Type.Object({ red: Type.Number() })) accessor colour = { red: 1 };
  @setting("Mode", Type.Enum(["on", "off"])) accessor mode: "on" | "off" = "on";
}

test("what a newer version has saved outlives an older one that saves: settings, members and values that it does not know", async (t) => {
  const name = "lamp/Settings-Lamp.json";
  const newer = {
    brightness: 70,
    colour: { red: 0.5, white: 0.25 },
    mode: "breathing",
    schedule: [{ at: "08:00", brightness: 10 }],
  };
  const { host, settingsFolder } = await opened(t, { [name]: newer }, { lamp: new Lamp() });
  await host.things.get("lamp")!.writeProperty("brightness", 20);
  await host.close();
  assert.deepEqual(await fileIn(settingsFolder, name), { ...newer, brightness: 20 });
});

const KNOWN = "cameras/known-cameras.json";
const WEBCAM = {
  id: "usb-046d:0825-A1",
  kind: "v4l2",
  title: "Webcam",
  address: "/dev/video0",
  config: { class: "thingscope/things:V4L2Camera", kwargs: { device: "usb-046d:0825-A1" } },
} as const;
const IDENTITY = { id: WEBCAM.id, key: WEBCAM.id, port: "1" };

test("cameras keep the names that the first version gave them", async () => {
  const folder = await folderOf({
    [KNOWN]: { cameras: [{ ...WEBCAM, name: "left" }], identities: [IDENTITY] },
  });
  const identities = new CameraIdentities();
  const names = new CameraNames(folder, { taken: [], identities, log: silentLog });
  await names.load();
  assert.equal(names.of(WEBCAM.id), "left");
  assert.deepEqual(identities.known, [IDENTITY]);
});

test("what a newer version knows of cameras outlives an older one that finds another camera", async () => {
  const newer = {
    cameras: [
      { id: "can-7", name: "bus", transport: { node: 7 } },
      { ...WEBCAM, name: "left", colour: "red" },
    ],
    identities: [{ id: "can-7", node: 7 }, IDENTITY],
    layout: "wall",
  };
  const folder = await folderOf({ [KNOWN]: newer });
  const identities = new CameraIdentities();
  const names = new CameraNames(folder, { taken: [], identities, log: silentLog });
  await names.load();
  const other = { ...WEBCAM, id: "usb-046d:0825-B2" };
  names.give({ ...other, modes: [] });
  names.give({ ...WEBCAM, address: "/dev/video4", modes: [] });
  await names.save();
  assert.deepEqual(await fileIn(folder, KNOWN), {
    ...newer,
    cameras: [
      newer.cameras[0],
      { ...other, name: "webcam" },
      { ...newer.cameras[1], address: "/dev/video4" },
    ],
  });
});

const KEY = "k".repeat(43);
const ANA = {
  id: "user-0001",
  role: "operate",
  password: "scrypt$16384$8$1$c2FsdA$aGFzaA",
  created: "2026-11-21T12:00:00.000Z",
};

test("accounts and sessions of the first version are those of this one", async () => {
  const secret = "s".repeat(32);
  const folder = await folderOf({
    ".access/accounts.json": { key: KEY, users: { ana: ANA }, tokens: {} },
    ".access/sessions.json": {
      [hmac(KEY, secret)]: { account: ANA.id, used: wallTime() - 1000 },
      newer: { user: ANA.id, devices: [] },
    },
  });
  const accounts = await new AccountsFile(join(folder, ".access")).open();
  assert.equal(accounts.byUser("ana")?.account.role, "operate");
  const clock = { now, wall: () => wallTime() };
  const sessions = new SessionStore(join(folder, ".access"), silentLog, clock);
  await sessions.open();
  assert.equal(sessions.use(KEY, secret)?.account, ANA.id);
});

test("accounts of a newer version are refused in a sentence, and left as they are", async () => {
  const newer = { key: KEY, users: { ana: { ...ANA, role: "record" } }, tokens: {}, keys: {} };
  const folder = await folderOf({ ".access/accounts.json": newer });
  await assert.rejects(new AccountsFile(join(folder, ".access")).open(), {
    code: "BAD_CONFIG",
    message: /accounts\.json does not contain readable users and tokens\. Fix it, restore/,
  });
  assert.deepEqual(await fileIn(folder, ".access/accounts.json"), newer);
});
