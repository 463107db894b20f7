import assert from "node:assert/strict";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Check, CheckResult } from "../../src/base/checks.ts";
import { packagePath } from "../../src/base/package-root.ts";
import {
  camerasCheck,
  rateCheck,
  rateVerdict,
  usbCheck,
  videoGroupCheck,
} from "../../src/cli/camera-checks.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import { FakeSystem } from "../discovery/fake-system.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

async function setUp() {
  const system = await FakeSystem.create();
  const details = async () => ({
    isCamera: true,
    modes: [{ format: "MJPG", width: 1280, height: 720, rates: [30] }],
  });
  return { system, options: { roots: system.roots, identities: new CameraIdentities(), details } };
}

async function resultsOf(check: Check): Promise<CheckResult[]> {
  return [await check.run()].flat();
}

test("each camera is a line with its formats; one without a serial number is told to be known by its port", async () => {
  const { system, options } = await setUp();
  const [none] = await resultsOf(camerasCheck(options));
  assert.equal(none?.level, "warn");
  assert.match(none.message, /^No camera was found\. The system has no video device/);
  await system.plug(0, { port: "1", serial: "A1", name: "One" });
  await system.plug(1, { port: "2", name: "Two" });
  const [one, two] = await resultsOf(camerasCheck(options));
  assert.equal(one?.level, "ok");
  assert.match(one.message, /^Acme One \(usb-046d:0825-A1\) at .*video0: MJPG up to 1280x720\.$/);
  assert.match(two?.message ?? "", /recognised by its USB port: always use the same one\.$/);
});

test("a camera that another program has open is told with that program", async () => {
  const { system, options } = await setUp();
  await system.plug(0, { port: "1", serial: "A1" });
  const { dev, proc } = system.roots;
  await rm(join(dev, "video0"));
  await symlink("/dev/null", join(dev, "video0")); // a device that is there on every machine
  await system.file("proc", "4711/comm", "guvcview\n");
  await mkdir(join(proc, "4711", "fd"));
  await symlink("/dev/null", join(proc, "4711", "fd", "9"));
  const [held] = await resultsOf(camerasCheck(options));
  assert.equal(held?.level, "warn");
  assert.match(held.message, /is open in guvcview \(process 4711\): nobody else can stream/);
  assert.ok(held.fix);
  const [unmeasured] = await resultsOf(
    rateCheck({ ...options, stream: () => assert.fail("it is in use") }),
  );
  assert.equal(unmeasured?.level, "ok");
});

test("a camera that cannot be used fails, with what to do", async () => {
  const { system, options } = await setUp();
  await system.plug(0, { port: "1", serial: "A1" });
  await rm(join(system.roots.dev, "video0"));
  const [result] = await resultsOf(camerasCheck(options));
  assert.equal(result?.level, "fail");
  assert.match(result.fix ?? "", /in a container, pass it on/);
});

test("two cameras on one USB 2 bus are a warning, on two buses or USB 3 they are not", async () => {
  const { system, options } = await setUp();
  await system.plug(0, { port: "1", bus: 1, name: "One" });
  await system.plug(1, { port: "1", bus: 3, name: "Two" });
  await system.plug(2, { port: "1", bus: 2, speed: 5000, name: "Three" });
  await system.plug(3, { port: "2", bus: 2, speed: 5000, name: "Four" });
  assert.deepEqual(await resultsOf(usbCheck(options)), [
    { level: "ok", message: "No two cameras share a USB 2 bus." },
  ]);
  await system.plug(4, { port: "4.2", bus: 1, name: "Five" });
  const [shared, ...others] = await resultsOf(usbCheck(options));
  assert.deepEqual(others, []);
  assert.equal(shared?.level, "warn");
  assert.match(
    shared.message,
    /^Acme One \(port .*\/usb2\/1\) and Acme Five \(port .*\/usb2\/4\.2\) share USB bus 1,/,
  );
});

test("a user outside of the group video is told how to join it, or to log in again", async () => {
  const { system, options } = await setUp();
  const user = { uid: 1000, name: "ana", groups: [1000] };
  const level = async (groups: string, one = user) => {
    await system.file("etc", "group", groups);
    const [result] = await resultsOf(videoGroupCheck(options, one));
    return `${result?.level} ${result?.fix ?? ""}`;
  };
  assert.equal(
    await level("video:x:44:\n"),
    "warn sudo usermod -aG video ana, then log out and in again",
  );
  assert.match(await level("video:x:44:bob,ana\n"), /^warn Log out and in again/);
  const odd = { ...user, name: "ana(lab)[x" };
  assert.match(await level("video:x:44:ana(lab)[x\n", odd), /^warn Log out and in again/);
  assert.match(await level("video:x:44:anna\n", { ...user, name: "a.na" }), /^warn sudo usermod/);
  assert.equal(await level("video:x:44:ana\n", { ...user, groups: [1000, 44] }), "ok ");
  assert.equal(await level("video:x:44:\n", { ...user, uid: 0 }), "ok ");
  assert.equal(await level("users:x:100:\n"), "ok ", "a system without that group");
});

test("a rate that low light has lowered is a warning", () => {
  const rate = { requested: 30, measured: 16.04, format: "MJPG 640x480" };
  const low = rateVerdict("Cam", rate);
  assert.equal(low.level, "warn");
  assert.match(
    low.message,
    /^Cam delivers 16\.0 frames\/s in MJPG 640x480 instead of 30: in low light/,
  );
  assert.match(low.fix ?? "", /exposure_dynamic_framerate/);
  assert.equal(rateVerdict("Cam", { ...rate, measured: 29.2 }).level, "ok");
  assert.equal(rateVerdict("Cam", { ...rate, requested: undefined }).level, "ok");
});

test("the rate of a camera is measured against the one that its mode has", {
  timeout: TEST_MS,
}, async () => {
  const { system, options } = await setUp();
  await system.plug(0, { port: "1", serial: "A1" });
  const device = join(await temporaryFolder(), "device");
  const program = packagePath("dist", "test", "sources", "v4l2", "stand-in.js");
  const stream = () => ({ program: process.execPath, args: [program, "stream", device] });
  await writeFile(device, JSON.stringify({ rate: 50, loseEvery: 1 })); // frames of thrice the numbers
  const [measured] = await resultsOf(rateCheck({ ...options, stream, measureMs: 300 }));
  assert.match(measured?.message ?? "", /^Acme Webcam delivers \d+\.\d frames\/s in MJPG 640x480/);
  await writeFile(device, JSON.stringify({ openError: "EIO" }));
  const [failed] = await resultsOf(rateCheck({ ...options, stream }));
  assert.equal(failed?.level, "warn");
  assert.match(failed.message, /^Acme Webcam delivers no frames\.$/);
  assert.match(failed.fix ?? "", /EIO/);
});
