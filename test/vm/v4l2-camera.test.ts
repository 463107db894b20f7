import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { now } from "../../src/base/clock.ts";
import { packagePath } from "../../src/base/package-root.ts";
import type { Frame } from "../../src/frames/frame.ts";
import { openTestHost, type TestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { controlOf, v4l2Ctl } from "./video-control.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const limited = { timeout: isLong ? 10 * TEST_MS : TEST_MS };
const ROUNDS = isLong ? 20 : 2;
const patient = { withinMs: WAIT_MS };

const opened = (kwargs: V4L2CameraOptions) =>
  openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, { kwargs });

async function put(camera: TestHost<V4L2Camera>, name: string, value: unknown) {
  const answer = await fetch(`${camera.url}${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
    signal: patience(),
  });
  return { status: answer.status, text: await answer.text() };
}

const read = async (camera: TestHost<V4L2Camera>, name: string) =>
  (await fetch(`${camera.url}${name}`, { signal: patience() })).json() as Promise<unknown>;

async function framesOf(camera: TestHost<V4L2Camera>, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of camera.thing.mjpeg_stream.frames(patience())) {
    frames.push(frame);
    if (frames.length >= count) break;
  }
  return frames;
}

test(
  "a webcam's controls are properties: what is put reaches it, and what others set is observed",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-CONTROLS" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using camera = await opened({ device });
    const { properties } = (await read(camera, "")) as { properties: Record<string, object> };
    assert.ok("brightness" in properties && "exposure_time_absolute" in properties);
    const reached = once(webcam.controls, "set", { signal: patience() });
    assert.equal((await put(camera, "brightness", -12)).status, 204);
    assert.deepEqual(await reached, ["brightness", -12]);
    assert.equal((await put(camera, "exposure_time_absolute", 500)).status, 405);
    assert.equal((await put(camera, "auto_exposure", 1)).status, 204);
    assert.equal((await put(camera, "exposure_time_absolute", 500)).status, 204);
    assert.equal(webcam.controls.get("exposure_time_absolute"), 500);
    await v4l2Ctl(device, "-c", "brightness=7");
    await camera.untilProperty("brightness", (value) => value === 7, patient);
    webcam.controls.refuse("contrast", 1);
    const refused = await put(camera, "contrast", 3);
    assert.equal(refused.status, 409, refused.text);
  },
);

test(
  "a webcam's frames have the kernel's times, none is lost, and the mode changes while it streams",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-FRAMES" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using camera = await opened({ device, mode: { width: 640, height: 480, rate: 15 } });
    const frames = await framesOf(camera, 5);
    for (const { capturedAt, width } of frames) {
      assert.ok(capturedAt <= now() && capturedAt > now() - WAIT_MS);
      assert.equal(width, 640);
    }
    const [first] = frames;
    const { status, text } = await put(camera, "mode", { format: "MJPG", width: 320, height: 240 });
    assert.equal(status, 204, text);
    const [next] = await framesOf(camera, 1);
    assert.deepEqual([next?.width, next?.run], [320, first?.run]);
    assert.ok(camera.thing.picture_away_ms > 0);
    const refused = await put(camera, "mode", { width: 333, height: 222 });
    assert.equal(refused.status, 422);
    const still = await camera.thing.takeStill(patience());
    assert.deepEqual([still.width, still.height], [2592, 1944]);
    const [after] = await framesOf(camera, 1);
    assert.deepEqual([after?.width, after?.run], [320, first?.run]);
    assert.equal(camera.thing.state.state, "streaming");
  },
);

test("each lost frame of a webcam is accounted for, by its own numbers", limited, async () => {
  const webcam = new VirtualWebcam({ serial: "SN-LOSSES" });
  await using _ = webcam;
  const device = await webcam.plugIn(0);
  await using camera = await opened({ device, mode: { width: 320, height: 240, rate: 15 } });
  const seen: number[] = [];
  let told = 0;
  const end = camera.thing.mjpeg_stream.onFrame(({ jpeg, lossesBefore = [] }) => {
    if (seen.length > 0) for (const { count } of lossesBefore) told += count;
    seen.push(sequenceIn(Buffer.from(jpeg)) ?? -1);
  });
  const watching = framesOf(camera, 40);
  while (seen.length < 10) await delay(20);
  webcam.break("text", 3);
  await watching;
  end();
  const missing = seen.at(-1)! - seen[0]! + 1 - seen.length;
  assert.equal(told, missing);
  assert.ok(missing >= 3, `${missing} frames are missing`);
});

test(
  "a webcam that comes back in another port, under another number, is the same camera with its settings",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-REPLUG" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using camera = await opened({ device, keep_warm: true });
    await put(camera, "brightness", 21);
    let [before] = await framesOf(camera, 1);
    const descriptors = openDescriptors();
    const told = { goneMs: 0, backMs: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const goneAt = performance.now();
      await webcam.unplug();
      await camera.untilProperty("state", stateIs("disconnected"), patient);
      told.goneMs = Math.max(told.goneMs, performance.now() - goneAt);
      assert.match(camera.thing.state.reason ?? "", /Plug it in/);
      webcam.controls.put("brightness", 0);
      const backAt = performance.now();
      await webcam.plugIn(round % 2 === 0 ? 5 : 0);
      await camera.untilProperty("state", stateIs("streaming"), patient);
      told.backMs = Math.max(told.backMs, performance.now() - backAt);
      const [after] = await framesOf(camera, 1);
      assert.notEqual(after?.run, before?.run);
      assert.equal(webcam.controls.get("brightness"), 21);
      before = after;
    }
    console.log(`# ${ROUNDS} times: gone within ${told.goneMs} ms, back within ${told.backMs} ms`);
    assert.ok(openDescriptors() <= descriptors + 2, "descriptors are left open");
  },
);

test(
  "a webcam that another program streams is busy, and the reason names that program",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-BUSY" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    const other = spawn("v4l2-ctl", ["-d", device, "--stream-mmap"], { stdio: "ignore" });
    while (webcam.sent < 2) await delay(50);
    await using camera = await opened({ device, keep_warm: true });
    await camera.untilProperty("state", stateIs("failed"), patient);
    assert.match(
      camera.thing.state.reason ?? "",
      /The camera is busy: v4l2-ctl \(process \d+\) has/,
    );
    other.kill();
    await camera.untilProperty("state", stateIs("streaming"), patient);
  },
);

test(
  "a program that is killed or stopped is one camera's matter, and is healed",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-KILL" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using camera = await opened({ device, keep_warm: true });
    for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
      const [before] = await framesOf(camera, 1);
      process.kill(camera.thing.pid!, signal);
      for (;;) {
        const [frame] = await framesOf(camera, 1);
        if (frame?.run !== before?.run) break;
      }
    }
  },
);

test(
  "vivid has controls of all types, raw formats are encoded, and what its driver drops is told",
  limited,
  async () => {
    await using camera = await opened({
      device: "/dev/video0",
      mode: { format: "YUYV", width: 320, height: 180 },
    });
    const { properties, actions } = (await read(camera, "")) as {
      properties: Record<string, { type: string }>;
      actions: Record<string, object>;
    };
    const types = new Set(Object.values(properties).map(({ type }) => type));
    for (const type of ["integer", "boolean", "string", "array"]) assert.ok(types.has(type), type);
    assert.ok("button" in actions);
    const [frame] = await framesOf(camera, 1);
    assert.deepEqual([frame?.width, frame?.height], [320, 180]);
    const dropped = Object.keys(properties).find((name) =>
      name.startsWith("percentage_of_dropped"),
    );
    assert.ok(dropped);
    assert.equal((await put(camera, dropped, 50)).status, 204);
    while (camera.thing.losses.lost < 5) await framesOf(camera, 1);
    assert.equal((await put(camera, dropped, 0)).status, 204);
    assert.equal(await controlOf("/dev/video0", dropped), 0);
  },
);

test("where the program was not built, GStreamer streams and v4l2-ctl has the controls", {
  ...limited,
  ...needsLong(),
}, async () => {
  const webcam = new VirtualWebcam({ serial: "SN-FALLBACK" });
  await using _ = webcam;
  const device = await webcam.plugIn(0);
  const fallback = packagePath("dist", "src", "sources", "v4l2", "fallback-program.js");
  await using camera = await opened({ device, program: [process.execPath, fallback] });
  await camera.untilProperty(
    "capabilities",
    (value) => (value as { is_open: boolean }).is_open,
    patient,
  );
  const { status, text } = await put(camera, "brightness", 5);
  assert.equal(status, 204, text);
  assert.equal(webcam.controls.get("brightness"), 5);
  const [frame] = await framesOf(camera, 1);
  assert.deepEqual([frame?.width, frame?.height], [640, 480]);
});

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function stateIs(wanted: string) {
  return (value: unknown) => (value as { state: string }).state === wanted;
}
