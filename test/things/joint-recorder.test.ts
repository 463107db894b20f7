import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { now, ThingHost, ThingServer, wallTime } from "thingscope";
import { ThingClient } from "thingscope/client";
import { Recorder } from "thingscope/things";
import { fleetClock } from "../../src/base/fleet-clock.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor, QuickCamera } from "./recorder-server.ts";

const timeout = TEST_MS;
const AHEAD_MS = 5000;

/** A recorder on a machine whose clock is five seconds ahead of the fleet's. */
async function recorderFor(t: TestContext) {
  fleetClock.offset = { reference: "a", offsetMs: AHEAD_MS, uncertaintyMs: 0.1 };
  t.after(() => {
    fleetClock.offset = undefined;
  });
  const folder = await folderFor(t);
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  const camera = new QuickCamera();
  host.add("camera", camera);
  host.add("recorder", new Recorder({ folder, reserve_mb: 1 }), { slots: { camera: "camera" } });
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  return {
    folder,
    stream: camera.mjpeg_stream,
    thing: await ThingClient.connect(`${url}/recorder/`),
  };
}

/** The fleet's time, ms from now. */
function fleetTime(inMs: number): number {
  return wallTime(now() + inMs) - AHEAD_MS;
}

test("a recording is held without frames, begins at a moment of the fleet's clock, and ends at one", {
  timeout,
}, async (t) => {
  const { thing, stream } = await recorderFor(t);
  const { id, file } = (await thing.invoke("hold_recording", { name: "joint" })) as {
    id: string;
    file: { id: string };
  };
  const at = fleetTime(200);
  await thing.invoke("begin_recording", { id, at, reference: "a" });
  const taken = stream.frames();
  for await (const { capturedAt } of taken) if (wallTime(capturedAt) > at + AHEAD_MS + 100) break;
  const until = fleetTime(100);
  const ended = { id, at: until, reference: "a" };
  const summary = Object(await thing.invoke("end_recording", ended));
  assert.deepEqual([summary.ended, summary.dropped, summary.driftMs], ["stopped", 0, 0]);
  const times = Object(await thing.invoke("frame_times", { id: file.id }));
  assert.deepEqual([times.times.length, times.hasMore], [summary.captured, false]);
  assert.equal(times.clock.offsetMs, AHEAD_MS);
  assert.ok(times.times[0] >= at + AHEAD_MS && times.times.at(-1) <= until + AHEAD_MS);
  const rest = Object(await thing.invoke("frame_times", { id: file.id, skip: 2 }));
  assert.deepEqual(rest.times, times.times.slice(2));
});

test("a moment that is over, or by another clock, is refused, and what has not begun leaves no file", {
  timeout,
}, async (t) => {
  const { folder, thing } = await recorderFor(t);
  const { id } = Object(await thing.invoke("hold_recording", { name: "joint" }));
  const begin = (moment: object) => thing.invoke("begin_recording", { id, ...moment });
  const late = { at: fleetTime(-1), reference: "a" };
  await assert.rejects(begin(late), /'recorder' was told to begin .* s ago\. Make 'lead_s'/);
  const other = { at: fleetTime(1000), reference: "b" };
  await assert.rejects(begin(other), /compares its clock with that of 'a', .* one of 'b'/);
  await assert.rejects(thing.invoke("end_recording", { id: "none" }), /no such recording any more/);
  const summary = Object(await thing.invoke("end_recording", { id }));
  assert.deepEqual([summary.captured, summary.files], [0, []]);
  const left = (await readdir(folder)).filter((name) => name.startsWith("joint"));
  assert.deepEqual(left, []);
  fleetClock.offset = undefined;
  await assert.rejects(thing.invoke("hold_recording", {}), /does not know how its clock stands/);
});
