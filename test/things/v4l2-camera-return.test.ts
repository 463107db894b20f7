import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Camera } from "thingscope";
import { openTestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { plugIn, STAND_IN } from "../sources/v4l2/plug-in.ts";
import { AUTO_EXPOSURE, BRIGHTNESS, EXPOSURE_TIME, GAIN } from "../sources/v4l2/stand-in-device.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const limited = { timeout: TEST_MS };
const patient = { withinMs: WAIT_MS };

const opened = (kwargs: V4L2CameraOptions) =>
  openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, {
    kwargs: { program: STAND_IN, ...kwargs },
  });

const valueAt = async (url: string) =>
  (await fetch(url, { signal: patience() })).json() as Promise<unknown>;

function isOpen(wanted: boolean) {
  return (value: unknown) => (value as { is_open: boolean }).is_open === wanted;
}

test(
  "what is set while a camera that is back gets its values is what it has in the end",
  limited,
  async () => {
    const device = await plugIn();
    await using camera = await opened({ device });
    const { hosted } = camera;
    await hosted.writeProperty("auto_exposure", 1);
    await hosted.writeProperty("brightness", 10);
    await rm(device);
    await camera.untilProperty("capabilities", isOpen(false), patient);
    let written: Promise<void> | undefined;
    const end = hosted.onChange((name) => {
      // It has been described, and gets its values one after the other.
      if (name === "auto_exposure") written ??= hosted.writeProperty("brightness", 20);
    });
    await plugIn({}, device);
    await camera.untilProperty("capabilities", isOpen(true), patient);
    await camera.untilProperty("auto_exposure", (value) => value === 1, patient);
    end();
    assert.ok(written);
    await written;
    await hosted.writeProperty("gain", 4); // whatever was under way before is done
    assert.equal(await valueAt(`${camera.url}brightness`), 20);
  },
);

test(
  "a camera that is there and not described yet refuses what is set, and is not harmed by it",
  limited,
  async () => {
    const device = await plugIn();
    await using camera = await opened({ device });
    await rm(device);
    await camera.untilProperty("capabilities", isOpen(false), patient);
    await plugIn({ isMute: true }, device);
    while (camera.thing.pid === undefined) await new Promise(setImmediate);
    const { pid } = camera.thing;
    await assert.rejects(camera.hosted.writeProperty("brightness", 20), {
      code: "DISCONNECTED",
      message: /being opened\. Try again/,
    });
    assert.equal(camera.thing.pid, pid);
  },
);

test(
  "a camera that is back gets what governs others in one command, and all others in the next",
  limited,
  async () => {
    const device = await plugIn();
    await using camera = await opened({ device });
    for (const [name, value] of [
      ["brightness", 10],
      ["auto_exposure", 1],
      ["exposure_time_absolute", 77],
      ["gain", 7],
    ] as const)
      await camera.hosted.writeProperty(name, value);
    const commandLog = join(await temporaryFolder(), "commands");
    await rm(device);
    await camera.untilProperty("capabilities", isOpen(false), patient);
    await plugIn({ commandLog }, device);
    await camera.untilProperty("exposure_time_absolute", (value) => value === 77, patient);
    const sets = (await readFile(commandLog, "utf8"))
      .split("\n")
      .filter((line) => /^set/.test(line));
    const together = sets.filter((line) => line.includes(`${BRIGHTNESS}=10`));
    assert.equal(together.length, 1, sets.join("; "));
    assert.match(together[0] ?? "", new RegExp(`${GAIN}=7.* ${EXPOSURE_TIME}=77`));
    assert.equal(sets[0], `set ${AUTO_EXPOSURE}=1`);
  },
);

test(
  "of values that are set together, one that is refused is told, and the others are set",
  limited,
  async () => {
    const device = await plugIn();
    await using camera = await opened({ device });
    await camera.hosted.writeProperty("brightness", 10);
    await camera.hosted.writeProperty("gain", 7);
    await camera.hosted.writeProperty("counter", "3");
    await rm(device);
    await camera.untilProperty("capabilities", isOpen(false), patient);
    await plugIn({ setError: "EINVAL", setErrorOf: BRIGHTNESS }, device);
    await camera.untilProperty("counter", (value) => value === "3", patient);
    await camera.untilProperty("capabilities", isOpen(true), patient);
    assert.equal(await valueAt(`${camera.url}gain`), 7);
    const warned = camera.log.lines.map(({ message }) => message).join("\n");
    assert.match(warned, /settings were not taken by the camera: 'brightness': Refused/);
    assert.doesNotMatch(warned, /'gain'|'counter'/);
  },
);

test(
  "what an automatic control does by itself is told to observers, and read from the device",
  limited,
  async () => {
    const device = await plugIn({ movesByItself: true });
    await using camera = await opened({ device });
    const first = await valueAt(`${camera.url}exposure_time_absolute`);
    assert.notEqual(await valueAt(`${camera.url}exposure_time_absolute`), first);
    const told: unknown[] = [];
    await new Promise<void>((resolve) => {
      camera.hosted.onChange((name, value) => {
        if (name === "exposure_time_absolute" && told.push(value) === 2) resolve();
      });
    });
    assert.notEqual(told[0], told[1]);
  },
);

test("a camera that is back is opened in the mode that it had", limited, async () => {
  const device = await plugIn();
  await using camera = await opened({ device });
  const mode = { format: "MJPG", width: 320, height: 240, rate: 15 };
  await camera.hosted.writeProperty("mode", mode);
  const commandLog = join(await temporaryFolder(), "commands");
  await rm(device);
  await camera.untilProperty("capabilities", isOpen(false), patient);
  await plugIn({ commandLog }, device);
  await camera.untilProperty("capabilities", isOpen(true), patient);
  assert.deepEqual(await valueAt(`${camera.url}mode`), mode);
  await camera.hosted.writeProperty("brightness", 10);
  assert.doesNotMatch(await readFile(commandLog, "utf8"), /^mode/m);
});

test("its title is what the device is called, not its class's", limited, async () => {
  const device = await plugIn();
  await using camera = await opened({ device });
  const { title } = (await valueAt(camera.url)) as { title: string };
  assert.equal(title, "Stand-in Cam");
});

test(
  "a camera whose stream cannot be ended releases its device all the same",
  limited,
  async (t) => {
    const camera = await opened({ device: await plugIn() });
    const { thing } = camera;
    assert.ok(thing.pid);
    t.mock.method(Camera.prototype, "close", () => Promise.reject(new Error("It does not end.")));
    await assert.rejects(thing.close(), /It does not end/);
    const { pid } = thing;
    t.mock.restoreAll();
    await camera.close();
    assert.equal(pid, undefined);
  },
);

test("another device in its place has its own controls", limited, async () => {
  const device = await plugIn();
  await using camera = await opened({ device });
  await rm(device);
  await camera.untilProperty("capabilities", isOpen(false), patient);
  await plugIn({ onlyControls: ["Gain"] }, device);
  await camera.untilProperty("capabilities", isOpen(true), patient);
  const { properties } = (await valueAt(camera.url)) as { properties: object };
  assert.ok("gain" in properties && !("brightness" in properties));
});

test("what was set is set again when the server starts", limited, async () => {
  const kwargs = { program: STAND_IN, device: await plugIn() };
  const settings = { brightness: 33, mode: { width: 320, height: 240 } };
  await using camera = await openTestHost(V4L2Camera, { kwargs, settings });
  await camera.untilProperty("brightness", (value) => value === 33, patient);
  await camera.untilProperty("mode", (mode) => (mode as { width: number }).width === 320, patient);
});
