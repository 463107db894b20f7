import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyRecording } from "thingscope";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../outputs/watching.ts";
import { armed, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a recorder is busy while something is recorded, and not while it waits for its camera", {
  timeout,
}, async (t) => {
  const { recorder, camera, client } = await recorderFor(t, { pre_s: 0.2, post_s: 1 });
  const told: unknown[] = [];
  const thing = await client();
  const ending = new AbortController();
  t.after(() => ending.abort());
  thing.properties.busy!.onChange((busy: unknown) => told.push(busy), { signal: ending.signal });
  assert.equal(recorder.busy, false, recorder.state);
  await armed(recorder);
  await thing.invoke("record", { max_delay: 30 });
  assert.equal(recorder.busy, true, recorder.state);
  await eventually(() => !recorder.busy);
  camera.mjpeg_stream.stop();
  assert.deepEqual([recorder.state, recorder.busy], ["detached", false]);
  await eventually(() => told.at(-1) === false && told.includes(true));
});

test("a recorder is busy until the files of what it disarmed are closed", {
  timeout,
}, async (t) => {
  const { recorder } = await recorderFor(t, { post_s: 60 });
  await armed(recorder);
  const { path } = await recorder.record({ max_delay: 30 });
  recorder.armed = false;
  assert.deepEqual([recorder.state, recorder.busy], ["finishing", true]);
  await eventually(() => !recorder.busy);
  assert.equal(recorder.state, "idle");
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});
