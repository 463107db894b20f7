import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost } from "thingscope";
import { decodeRgb, type RawImage } from "thingscope/frames";
import type { HostedThing } from "../../src/core/hosted-thing.ts";
import { TestCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";

async function hosted(camera: TestCamera) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const thing = host.add("camera", camera);
  await host.open();
  return { thing, camera, [Symbol.asyncDispose]: () => host.close() };
}

test("each mode delivers its size, card or photograph", { timeout: TEST_MS }, async () => {
  await using scope = await hosted(new TestCamera({ keep_warm: true }));
  const { camera } = scope;
  assert.equal(camera.capabilities.length, 6);
  for (const picture of ["card", "photograph"] as const) {
    camera.picture = picture;
    for (const mode of camera.capabilities.filter(({ framerate }) => framerate === 30)) {
      camera.mode = mode;
      const frame = await nextOfWidth(camera, mode.width);
      assert.equal(frame.height, mode.height);
      const pixels = await decodeRgb(frame.jpeg);
      assert.ok(spread(pixels) > 20, `${picture} ${mode.width} is no flat picture`);
    }
  }
});

test("a refused mode leaves the old one streaming and names those that there are", {
  timeout: TEST_MS,
}, async () => {
  await using scope = await hosted(new TestCamera());
  const { thing, camera } = scope;
  await camera.mjpeg_stream.grab();
  const wanted = { media_type: "image/jpeg", width: 800, height: 600, framerate: 30 };
  await assert.rejects(write(thing, wanted), (error: Error) => {
    assert.match(
      error.message,
      /has no mode image\/jpeg 800 x 600 at 30 Hz, so it stays at .*640 x 480/,
    );
    assert.match(error.message, /It has: .*1920 x 1080 at 10 Hz\.$/);
    return true;
  });
  assert.equal(camera.mode.width, 640);
  assert.equal((await camera.mjpeg_stream.grab()).width, 640);
  await write(thing, { ...wanted, width: 1280, height: 720 });
  await nextOfWidth(camera, 1280);
});

test("an animated picture turns on beyond a full circle", { timeout: TEST_MS }, async () => {
  await using scope = await hosted(new TestCamera({ animated: true }));
  const { camera } = scope;
  let before: RawImage | undefined;
  let moving = 0;
  for await (const { jpeg, index } of camera.mjpeg_stream.frames()) {
    const pixels = await decodeRgb(jpeg, { width: 160 });
    if (before && difference(pixels, before) > 3) moving += 1;
    before = pixels;
    if (index > 125) break;
  }
  assert.ok(moving > 50, `${moving} frames differ from the one before`);
});

test("a still picture changes in its number and time only", { timeout: TEST_MS }, async () => {
  await using scope = await hosted(new TestCamera());
  const { mjpeg_stream } = scope.camera;
  const one = await decodeRgb((await mjpeg_stream.grab()).jpeg);
  const other = await decodeRgb((await mjpeg_stream.grab()).jpeg);
  const labels = 416 * 640 * 3; // whole blocks above the label
  assert.equal(Buffer.compare(one.data.subarray(0, labels), other.data.subarray(0, labels)), 0);
  assert.notEqual(Buffer.compare(one.data.subarray(labels), other.data.subarray(labels)), 0);
});

async function write(thing: HostedThing, mode: unknown): Promise<void> {
  await thing.writeProperty("mode", mode);
}

async function nextOfWidth(camera: TestCamera, width: number) {
  let frame = await camera.mjpeg_stream.grab();
  while (frame.width !== width) frame = await camera.mjpeg_stream.grab();
  return frame;
}

/** Standard deviation of the bytes. */
function spread({ data }: RawImage): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
}

/** Mean of a byte's difference. */
function difference(a: RawImage, b: RawImage): number {
  return a.data.reduce((sum, value, at) => sum + Math.abs(value - b.data[at]!), 0) / a.data.length;
}
