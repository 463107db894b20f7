// rpicam-vid and rpicam-still are stubs that print what the real ones print: no Raspberry Pi is here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RaspberryPiCamera } from "../../things/index.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { describedAt, kwargsOnPage, untilItHolds, watched } from "./cameras.ts";
import { StubDevice } from "./stub-device.ts";

const timeout = TEST_MS;
const NAMES = ["rpicam-vid", "rpicam-still"];

test("a Raspberry Pi's camera streams, its controls are properties, and a still is of full size", {
  timeout,
}, async (t) => {
  const pi = await StubDevice.create(t, "rpicam.cjs", NAMES);
  await pi.plug();
  const { bench, frame } = await watched(t, RaspberryPiCamera, {
    ...kwargsOnPage("RaspberryPiCamera"),
    width: 640,
  });
  const first = await frame();
  const [started] = await pi.calls();
  assert.deepEqual(started?.[0], "rpicam-vid");
  for (const word of ["--codec=mjpeg", "--width=640", "--framerate=30", "--camera=0"])
    assert.ok(started?.includes(word), word);

  const client = await bench.client();
  assert.equal(await client.read("sensor"), "imx708_wide 4608x2592 10-bit RGGB");
  await client.write("ev", -1.5);
  await client.write("hflip", true);
  await client.write("autofocus_mode", "manual");
  const last = (await pi.calls()).at(-1);
  for (const word of ["--ev=-1.5", "--hflip", "--autofocus-mode=manual", "--lens-position=0"])
    assert.ok(last?.includes(word), word);
  const again = await frame();
  assert.notEqual(again.run, first.run);
  await assert.rejects(client.write("awb", "candle --post-process-file=/tmp/x"), {
    code: "INVALID_INPUT",
  });

  const { width, height } = await bench.thing.takeStill(patience());
  assert.deepEqual([width, height], [128, 96]);
  assert.ok((await pi.calls()).at(-1)?.includes("--ev=-1.5") || (await frame()));
});

test("options that the installed version lacks are not offered, and a still that is cancelled frees the camera", {
  timeout,
}, async (t) => {
  const pi = await StubDevice.create(t, "rpicam.cjs", NAMES);
  await pi.plug({ lacks: ["denoise", "autofocus-range"] });
  const { bench, frame } = await watched(t, RaspberryPiCamera, {});
  const { run } = await frame();
  const property = await describedAt(bench.url);
  assert.ok(property("brightness").type && property("autofocus_mode").enum);
  assert.deepEqual([property("denoise"), property("autofocus_range")], [{}, {}]);
  await bench.hosted.writeProperty("shutter", 10_000_000);
  const cancel = new AbortController();
  const still = bench.thing.takeStill(cancel.signal);
  await untilItHolds(async () => assert.equal((await pi.calls()).at(-1)?.[0], "rpicam-still"));
  cancel.abort(new Error("Nobody wants it."));
  await assert.rejects(still, /Nobody wants it/);
  await untilItHolds(async () => assert.equal((await pi.calls()).at(-1)?.[0], "rpicam-vid"));
  assert.notEqual((await frame()).run, run);
});

test("a value with which no picture comes is refused, and the camera keeps the old one", {
  ...needsLong(),
  timeout,
}, async (t) => {
  const pi = await StubDevice.create(t, "rpicam.cjs", NAMES);
  await pi.plug();
  const { bench, frame } = await watched(t, RaspberryPiCamera, {});
  await frame();
  const client = await bench.client();
  await client.write("shutter", 5000);
  const slow = client.write("shutter", 200_000_000);
  await assert.rejects(slow, { code: "SOURCE_FAILED", message: /keeps its old value/ });
  assert.equal(await client.read("shutter"), 5000);
  await frame();
  assert.ok((await pi.calls()).at(-1)?.includes("--shutter=5000"));
});

test("a camera that is not there is disconnected, has its properties once it is, and older programs do", {
  timeout,
}, async (t) => {
  const pi = await StubDevice.create(t, "rpicam.cjs", ["libcamera-vid", "libcamera-still"]);
  const { bench, camera, frame, until } = await watched(t, RaspberryPiCamera, {});
  assert.match(await until("disconnected"), /Check that its ribbon cable is seated/);
  await pi.plug();
  await until("streaming");
  assert.equal(camera.program, "libcamera-vid");
  assert.equal(await (await bench.client()).read("brightness"), 0);
  await frame();
  await pi.unplug();
  await until("disconnected");
});

test("what rpicam-vid says of its options, its sensor and this user leads to a sentence", () => {
  class Said extends RaspberryPiCamera {
    of(line: string): string {
      return this.known([line])?.message ?? "";
    }
  }
  const camera = new Said();
  for (const [line, sentence] of [
    ["ERROR: *** unrecognised option '--autofocus-range=macro' ***", /Upgrade them/],
    ["ERROR: *** Camera frontend has timed out! ***", /sends no pictures any more/],
    ["ERROR: *** failed to open /dev/media0: Permission denied ***", /group video/],
    ["ERROR: *** no cameras available ***", /ribbon cable is seated/],
    ["Pipeline handler in use by another process", /Another program has the camera open/],
  ] as const)
    assert.match(camera.of(line), sentence);
});
