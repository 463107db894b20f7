import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { delay } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Autofocus, SimulatedCamera, SimulatedStage } from "thingscope/things";
import { patience, TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { recordedCamera } from "./recorded-camera.ts";

// THINGSCOPE_LONG=1 cancels 500 times, otherwise 20.
const ROUNDS = process.env.THINGSCOPE_LONG === "1" ? 250 : 10;

/** The same sequence each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

test("F44: an autofocus that is cancelled at any moment leaves stage, camera and demand as they were", {
  timeout: TEST_MS + ROUNDS * 6000,
}, async (t) => {
  const stage = new SimulatedStage();
  const camera = new SimulatedCamera({ seed: 7 });
  const slots = { stage, camera };
  const bench = await openTestHost(Autofocus, { slots });
  t.after(() => bench.close());
  await camera.mjpeg_stream.nextFrame(patience());
  const next = random(44);
  const ends: Record<string, number> = {};
  for (let n = 0; n < ROUNDS; n++) {
    const before = stage.position;
    const action = ["fast_autofocus", "looping_autofocus"][n % 2]!;
    const run = bench.hosted.invoke(action, { dz: 500 });
    await delay(next() * 700);
    run.cancel();
    await run.ended;
    ends[run.status] = (ends[run.status] ?? 0) + 1;
    if (run.status === "cancelled") assert.deepEqual(stage.position, before, `round ${n}`);
    assert.equal(stage.moving, false, `round ${n}: ${run.status}`);
    assert.equal(camera.mjpeg_stream.demand.count, 0, `round ${n}: ${run.status}`);
  }
  t.diagnostic(`${ROUNDS} autofocuses: ${JSON.stringify(ends)}`);
  assert.ok((ends.cancelled ?? 0) > ROUNDS / 2, JSON.stringify(ends));
});

test("F44: a timelapse or a start of a recording that is cancelled at any moment returns to idle, with files that are closed", {
  timeout: TEST_MS + ROUNDS * 6000,
}, async (t) => {
  const { bench, camera, folder, stream } = await recordedCamera(t);
  const recorder = bench.thing;
  recorder.armed = false;
  camera.mjpeg_stream.name = "camera/mjpeg_stream";
  await eventually(() => recorder.state === "idle");
  const next = random(45);
  for (let n = 0; n < ROUNDS; n++) {
    const input = { name: `n${n}` };
    const isLapse = n % 2 === 0;
    const run = isLapse
      ? bench.hosted.invoke("timelapse", { ...input, interval: 0.05 })
      : bench.hosted.invoke("start_recording", input);
    await delay(next() * 100);
    if (run.status === "running" || run.status === "pending") run.cancel();
    await run.ended;
    if (!isLapse && recorder.busy) await bench.hosted.invoke("stop_recording", {}).ended;
    await eventually(() => recorder.state === "idle");
    assert.equal(recorder.busy, false, `round ${n}: ${run.status}`);
  }
  await eventually(() => stream.demand.count <= 1); // a camera that is kept warm has none
  const files = await readdir(folder);
  assert.deepEqual(
    files.filter((name) => /part|tmp|draft/.test(name)),
    [],
  );
  const listed = () => recorder.recordings.map((file) => file.toJSON());
  await eventually(() => listed().every(({ ended }) => ended !== undefined)); // it is read again twice a second
  const recordings = listed();
  t.diagnostic(
    `${ROUNDS} recordings cancelled, ${recordings.length} of them had frames and are closed`,
  );
});
