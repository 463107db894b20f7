import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGStream } from "thingscope";
import { jpegOf, segmentsOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../memory.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { recordedCamera } from "./recorded-camera.ts";

const long = process.env.THINGSCOPE_LONG === "1";
const MIB = 2 ** 20;

test("F08: frames of more than 64 MB, of no byte and of 65500 x 65500 pixels are refused before memory is taken; one of 1 x 1 is a frame", async (t) => {
  const stream = new MJPEGStream();
  const small = await jpegOf(16, 16);
  const sof = segmentsOf(small).find(({ code }) => code === 0xc0)!;
  const wide = Buffer.from(small);
  wide.writeUInt16BE(65_500, sof.at + 5);
  wide.writeUInt16BE(65_500, sof.at + 7);
  const huge = picture(0, 64 * MIB + 1);
  const before = await memoryHeld();
  for (const bad of [huge, new Uint8Array(), wide]) assert.equal(stream.offerFrame(bad), undefined);
  const grown = (await memoryHeldWithin(before + MIB)) - before;
  t.diagnostic(`${(grown / MIB).toFixed(1)} MB more held`);
  assert.ok(grown < MIB, `${grown} bytes`);
  assert.deepEqual(stream.stats.refused, { corrupt: 2, tooLarge: 1, stopped: 0 });
  assert.equal(stream.addFrame(await jpegOf(1, 1)).index, 0);
});

test("F09: a source that bursts at ten times its rate fills no memory, viewers stay, and the recording has every frame or lists it", {
  timeout: TEST_MS,
}, async (t) => {
  const { camera, stream, begin, end, port } = await recordedCamera(t);
  const viewer = new HealthyViewer(port, "/camera/mjpeg_stream");
  await eventually(() => viewer.received > 0);
  await begin();
  await eventually(() => stream.stats.added >= stream.ringbufferSize);
  const [before, from] = [await memoryHeld(), stream.stats.added];
  camera.fault = "floods";
  const burst = long ? 1500 : 450; // what 30 Hz gives in 5 s, ten times; and in 1.5 s
  await eventually(() => stream.stats.added >= from + burst);
  camera.fault = undefined;
  const after = stream.stats.added;
  await eventually(() => stream.stats.added > after + 15);
  assert.ok(stream.heldFrames.length <= stream.ringbufferSize);
  await eventually(() => viewer.newest !== undefined && viewer.newest > stream.lastFrameIndex - 3);
  const { captured, written, dropped, ok, sentence } = await end();
  assert.ok(ok, sentence);
  assert.equal(captured, written + dropped);
  assert.ok(captured >= burst, `${captured} of ${burst}`);
  const grown = (await memoryHeldWithin(before + 8 * MIB)) - before;
  t.diagnostic(
    `${captured} captured, ${written} written, ${dropped} listed as dropped; ${(grown / MIB).toFixed(1)} MB more held`,
  );
  assert.ok(grown < 8 * MIB, `${grown} bytes`);
  assert.equal(viewer.closed, false);
});
