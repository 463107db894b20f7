import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultyThing } from "thingscope/testing";
import { TEST_MS } from "../limits.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { eventually } from "../streams/watching.ts";
import { recordedCamera } from "./recorded-camera.ts";

test("F31: an action that blocks the event loop for 500 ms, again and again, costs the recording no frame that was captured", {
  timeout: TEST_MS,
}, async (t) => {
  const blocking = new FaultyThing({ at: "action", kind: "blocks", blocksMs: 500, member: "act" });
  const { bench, stream, begin, end, port } = await recordedCamera(t, {}, { blocking });
  const viewer = new HealthyViewer(port, "/camera/mjpeg_stream");
  await eventually(() => viewer.received > 3);
  await begin();
  for (let n = 0; n < 4; n++) {
    const { lastFrameIndex } = stream;
    await bench.host.get("blocking").invoke("act", {}).ended;
    await eventually(() => stream.lastFrameIndex > lastFrameIndex + 10);
  }
  const { captured, written, dropped, ok, sentence } = await end();
  assert.ok(ok, sentence);
  assert.deepEqual([written, dropped], [captured, 0]);
  assert.equal(viewer.closed, false);
  t.diagnostic(`${captured} frames captured in and around four blocks of 500 ms, all recorded`);
});
