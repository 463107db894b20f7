import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../src/base/errors.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { openTestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { Elapsed } from "../elapsed.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { CameraProgram } from "./camera-program.ts";
import { controlOf, v4l2Ctl } from "./video-control.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const limited = { timeout: isLong ? 5 * TEST_MS : TEST_MS };
const patient = { withinMs: WAIT_MS };
/** Three times what is promised: docs/internals/test-machine.md. */
const BACK_MS = 3 * 3000;
const CHANGES = isLong ? 500 : 50;
const CHANGE_MS = 20;
const MODE = { format: "MJPG", width: 640, height: 480, rate: 5 };

/** A camera that is described: that may take longer than it is waited for when it is opened. */
async function opened(kwargs: V4L2CameraOptions) {
  const camera = await openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, { kwargs });
  await camera.untilProperty("capabilities", isOpen, patient);
  return camera;
}

const BUSY = /The camera is busy: v4l2-ctl \(process \d+\) has \/dev\/video\d+ open\. Close/;
const isBusy = (value: unknown) => BUSY.test((value as { reason?: string }).reason ?? "");
const isOpen = (value: unknown) => (value as { is_open: boolean }).is_open;
const stateIs = (wanted: string) => (value: unknown) =>
  (value as { state: string }).state === wanted;

test(
  "a webcam that another program streams in another mode has its own mode as soon as that program ends",
  limited,
  async (t) => {
    await using webcam = await VirtualWebcam.pluggedIn(0, { serial: "SN-TAKEN" });
    const device = webcam.node;
    const small = ["--set-fmt-video=width=320,height=240,pixelformat=MJPG", "--stream-mmap"];
    const other = spawn("v4l2-ctl", ["-d", device, ...small], { stdio: "ignore" });
    t.after(() => other.kill("SIGKILL"));
    while (webcam.sent < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    await using camera = await opened({ device, keep_warm: true, mode: MODE });
    await camera.untilProperty("state", isBusy, patient);
    const { pid } = camera.thing;

    await camera.hosted.writeProperty("brightness", -9);
    assert.equal(webcam.controls.get("brightness"), -9);
    const refused = await camera.hosted.writeProperty("mode", MODE).catch(messageOf);
    assert.match(String(refused), BUSY);
    assert.equal(webcam.mode.width, 320);
    assert.equal(camera.thing.pid, pid, "its program was ended");

    other.kill();
    await once(other, "exit");
    const back = new Elapsed();
    await camera.untilProperty("state", stateIs("streaming"), patient);
    const ms = Math.round(back.ms);
    t.diagnostic(`streams ${ms} ms after the other program has ended`);
    assert.ok(ms <= BACK_MS, `streams after ${ms} ms`);
    for await (const { width } of camera.thing.mjpeg_stream.frames(patience()))
      if (width === MODE.width) break;
    assert.deepEqual(await camera.hosted.readProperty("mode"), MODE);
    assert.equal(camera.thing.pid, pid);
  },
);

test(
  "a mode that another program has set while nobody watched is not taken for the camera's own",
  limited,
  async () => {
    await using webcam = await VirtualWebcam.pluggedIn(0, { serial: "SN-CHANGED" });
    const { node } = webcam;
    const change = () => v4l2Ctl(node, "--set-fmt-video=width=320,height=240,pixelformat=YUYV");

    await using program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/5", "--idle");
    await change();
    const told = program.message(({ type }) => type === "device");
    const coming = program.frames(1);
    assert.ok((await program.ask("start")).ok);
    await told;
    assert.equal(program.device?.format?.fourcc, "YUYV");
    const [{ info, bytes } = assert.fail("no frame")] = await coming;
    assert.deepEqual([info.fourcc, info.width, info.height], ["JPEG", 320, 240]);
    assert.equal(inspectJpeg(bytes).width, 320);
    assert.ok((await program.ask("stop")).ok);
    await program.ended;

    await using camera = await opened({ device: node, mode: MODE });
    await camera.untilProperty("mode", (mode) => isDeepStrictEqual(mode, MODE), patient);
    await change();
    for await (const { width } of camera.thing.mjpeg_stream.frames(patience()))
      if (width === MODE.width) break;
    assert.deepEqual(await camera.hosted.readProperty("mode"), MODE);
  },
);

test(
  "a control that another program changes fifty times a second is observed to its last value",
  limited,
  async (t) => {
    const device = "/dev/video0";
    await using camera = await opened({ device });
    await using other = await CameraProgram.start(device, "--idle");
    const { id } = other.control("Brightness");
    const before = await controlOf(device, "brightness");
    t.after(() => v4l2Ctl(device, "-c", `brightness=${before}`));
    const seen: unknown[] = [];
    const end = camera.hosted.onChange((name, value) => {
      if (name === "brightness") seen.push(value);
    });
    t.after(end);
    const began = performance.now();
    for (let n = 1; n <= CHANGES; n++) {
      assert.ok((await other.ask(`set ${id}=${n % 256}`)).ok);
      const left = began + n * CHANGE_MS - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    }
    const rate = Math.round((1000 * CHANGES) / (performance.now() - began));
    const last = CHANGES % 256;
    await camera.untilProperty("brightness", (value) => value === last, patient);
    t.diagnostic(`${CHANGES} changes, ${rate} a second, ${seen.length} observed`);
    assert.equal(seen.at(-1), last);
    assert.ok(seen.length <= CHANGES);
    await camera.hosted.writeProperty("brightness", 77);
    assert.equal(await controlOf(device, "brightness"), 77);
  },
);
