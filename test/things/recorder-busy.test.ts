import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyRecording } from "thingscope/recording";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { armed, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a recorder is busy while something is recorded, and not while it waits for its camera", {
  timeout,
}, async (t) => {
  const { recorder, camera, client, host } = await recorderFor(t);
  const seen: unknown[] = [];
  host.get("recorder").onChange((name, busy) => name === "busy" && seen.push(busy));
  const told: unknown[] = [];
  const thing = await client();
  const ending = new AbortController();
  t.after(() => ending.abort());
  thing.properties.busy!.onChange((busy: unknown) => told.push(busy), { signal: ending.signal });
  assert.equal(recorder.busy, false, recorder.state);
  await armed(recorder);
  await thing.invoke("record", { max_delay: 30 });
  await eventually(() => seen.includes(true) && seen.at(-1) === false); // whenever anybody looks, its 0.4 s may be over
  assert.deepEqual([seen.slice(-2), recorder.busy], [[true, false], false]);
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
