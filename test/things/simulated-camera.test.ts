import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, detachedInvocation, now } from "thingscope";
import { decodeRgb } from "thingscope/frames";
import { SimulatedOptics } from "../../things/optics/simulated-optics.ts";
import { patience, TEST_MS } from "../limits.ts";
import { microscope } from "./microscope.ts";

test("frames come at 30 Hz, on demand only, with exact times", { timeout: TEST_MS }, async () => {
  await using scope = await microscope({ seed: 3, offset: 0 });
  const { camera } = scope;
  const stream = camera.mjpeg_stream;
  await delay(300);
  assert.equal(stream.lastFrameIndex, -1);
  assert.equal(camera.state.state, "idle");

  const times: number[] = [];
  for await (const frame of stream.frames()) {
    assert.deepEqual([frame.width, frame.height], [800, 600]);
    times.push(frame.capturedAt);
    if (times.length === 12) break;
  }
  assert.equal(camera.state.state, "streaming");
  for (const [n, time] of times.slice(1).entries()) {
    const periods = (time - times[n]!) / (1000 / 30);
    assert.ok(Math.abs(periods - Math.round(periods)) < 0.01, `${periods} periods apart`);
  }
});

test("the small view, the snapshot and the actions give the frame of now", {
  timeout: TEST_MS,
}, async () => {
  await using scope = await microscope({ seed: 3, offset: 0 });
  const { camera } = scope;
  const run = detachedInvocation();
  const asked = now();
  const blob = await camera.grab_jpeg({}, run);
  assert.equal(blob.mediaType, "image/jpeg");
  assert.deepEqual(await sizeOf(await blob.bytes()), [800, 600]);
  assert.ok(camera.mjpeg_stream.newest!.capturedAt > asked);

  const small = await camera.grab_jpeg({ stream_name: "lores" }, run);
  assert.deepEqual(await sizeOf(await small.bytes()), [400, 300]);
  assert.ok((await camera.grab_jpeg_size({}, run)) > 50_000);

  const request = {
    ...{ params: {}, query: new URLSearchParams(), headers: {}, client: { address: "::1" } },
    ...{ signal: run.signal, readBytes: async () => {}, readMessages: async () => {} },
  };
  const snapshot = await camera.snapshot(request);
  assert.equal(snapshot.contentType, "image/jpeg");
  assert.ok(snapshot.body instanceof Uint8Array);

  const jpeg = await camera.capture_jpeg({ resolution: "lores" }, run);
  assert.deepEqual(await sizeOf(await jpeg.bytes()), [400, 300]);
  assert.deepEqual(await sizeOf(await (await camera.capture_jpeg({}, run)).bytes()), [800, 600]);
  assert.ok(camera.streaming_mode in camera.streaming_modes);
  assert.ok("standard" in camera.capture_modes);
  assert.equal(camera.calibration_required, false);

  camera.settling_time = 0.05;
  assert.ok((await camera.capture({}, run)).size > 50_000);
});

test("a slide that a busy machine makes slowly, and frames that it makes late, are waited for", {
  timeout: TEST_MS,
}, async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] }); // by which silence is counted
  await using scope = await microscope({ seed: 3, offset: 0 });
  const stream = scope.camera.mjpeg_stream;
  const release = stream.demand.take();
  while (scope.camera.state.state !== "opening") await new Promise(setImmediate);
  t.mock.timers.tick(60_000);
  const first = await stream.grab(patience());
  t.mock.timers.tick(60_000);
  const later = await stream.grab(patience());
  release();
  assert.equal(scope.camera.state.state, "streaming");
  assert.equal(first.index, 0);
  assert.equal(later.run, first.run, "it was started again");
});

test("a slide is sharp at its focus, the same for the same seed, and larger than the view", {
  timeout: TEST_MS,
}, async () => {
  const optics = new SimulatedOptics();
  const z = optics.focusAt(0, 0);
  const picture = async (x: number, dz: number) =>
    (await optics.look({ x, y: 0, z: z + dz })).data.slice();
  const detail = (data: Uint8Array) => {
    let sum = 0;
    for (let at = 3; at < data.length; at++) sum += Math.abs(data[at]! - data[at - 3]!);
    return sum;
  };
  const curve: number[] = [];
  for (const dz of [-2000, -600, -200, -60, 0, 60, 200, 600, 2000]) {
    curve.push(detail(await picture(0, dz)));
  }
  for (const [n, value] of curve.slice(0, 4).entries()) {
    assert.ok(value < curve[n + 1]!, `below focus: ${curve}`);
    assert.ok(curve[n + 4]! > curve[n + 5]!, `above focus: ${curve}`);
  }
  const here = await picture(0, 0);
  assert.ok(difference(here, await picture(0, 0)) < 3, "two looks differ by noise only");
  assert.ok(difference(here, await picture(2000, 0)) > 10, "another place looks different");
  assert.notEqual(new SimulatedOptics({ seed: 6 }).focusAt(0, 0), z);
});

async function sizeOf(jpeg: Uint8Array): Promise<[number, number]> {
  const { width, height } = await decodeRgb(jpeg);
  return [width, height];
}

/** Mean of a byte's difference. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - b[at]!), 0) / a.length;
}
