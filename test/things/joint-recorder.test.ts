import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { now, ThingHost, ThingServer, wallTime } from "thingscope";
import { ThingClient } from "thingscope/client";
import { Recorder } from "thingscope/things";
import { fleetClock } from "../../src/base/fleet-clock.ts";
import { wallClock } from "../../src/base/wall-clock.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor, QuickCamera } from "./recorder-server.ts";

const timeout = TEST_MS;
const AHEAD_MS = 5000;
const [reference, origin] = ["a", 1];

/** A recorder on a machine whose clock is five seconds ahead of the fleet's. */
async function recorderFor(t: TestContext) {
  const aheadOfWallMs = AHEAD_MS - wallTime(0);
  fleetClock.measured = { ...{ reference, origin, aheadOfWallMs }, aheadMs: 0, uncertaintyMs: 0.1 };
  t.after(() => {
    fleetClock.measured = undefined;
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

/** A moment of the fleet, ms from now. */
function moment(inMs: number) {
  return { at: now() + inMs, reference, origin };
}

/** That moment on the clock of the frames. */
function frameTime({ at }: { at: number }): number {
  return wallTime(at);
}

test("a recording is held without frames, begins at a moment of the fleet's clock, and ends at one", {
  timeout,
}, async (t) => {
  const { thing, stream } = await recorderFor(t);
  const { id, file } = (await thing.invoke("hold_recording", { name: "joint" })) as {
    id: string;
    file: { id: string };
  };
  const from = moment(200);
  await thing.invoke("begin_recording", { id, ...from });
  const taken = stream.frames();
  for await (const { capturedAt } of taken) if (capturedAt > from.at + 100) break;
  const until = moment(100);
  const summary = Object(await thing.invoke("end_recording", { id, ...until }));
  assert.deepEqual([summary.ended, summary.dropped, summary.driftMs], ["stopped", 0, 0]);
  const times = Object(await thing.invoke("frame_times", { id: file.id }));
  assert.deepEqual([times.times.length, times.hasMore], [summary.captured, false]);
  assert.equal(times.clock.offsetMs, AHEAD_MS);
  assert.ok(times.times[0] >= frameTime(from) && times.times.at(-1) <= frameTime(until));
  const rest = Object(await thing.invoke("frame_times", { id: file.id, skip: 2 }));
  assert.deepEqual(rest.times, times.times.slice(2));
});

test("a moment that is over, or by another clock, is refused, and what has not begun leaves no file", {
  timeout,
}, async (t) => {
  const { folder, thing } = await recorderFor(t);
  const { id } = Object(await thing.invoke("hold_recording", { name: "joint" }));
  const begin = (moment: object) => thing.invoke("begin_recording", { id, ...moment });
  await assert.rejects(begin(moment(-1)), /'recorder' was told to begin .* s ago\. Make 'lead_s'/);
  const other = { ...moment(1000), reference: "b" };
  await assert.rejects(begin(other), /compares its clock with that of 'a', .* one of 'b'/);
  const earlier = { ...moment(1000), origin: 0 };
  await assert.rejects(begin(earlier), /that of 'a' from before it was started again/);
  await assert.rejects(thing.invoke("end_recording", { id: "none" }), /no such recording any more/);
  const summary = Object(await thing.invoke("end_recording", { id }));
  assert.deepEqual([summary.captured, summary.files], [0, []]);
  const left = (await readdir(folder)).filter((name) => name.startsWith("joint"));
  assert.deepEqual(left, []);
  fleetClock.measured = undefined;
  await assert.rejects(thing.invoke("hold_recording", {}), /does not know how its clock stands/);
});

test("the wall clocks of the machine and of the fleet may be set while it records: the moments and the drift stay, and the end comes", {
  timeout,
}, async (t) => {
  const { thing, stream } = await recorderFor(t);
  const { id, file } = Object(await thing.invoke("hold_recording", { name: "joint" }));
  const from = moment(500);
  await thing.invoke("begin_recording", { id, ...from });
  const shift = wallTime(0);
  t.after(wallClock.readFrom(() => Date.now() + 90_000)); // before the first frame, when the file is open
  assert.equal(Math.round(Number(fleetClock.offset?.offsetMs) / 1000), (AHEAD_MS + 90_000) / 1000);
  for await (const { capturedAt } of stream.frames()) if (capturedAt > from.at + 100) break;
  const { measured } = fleetClock;
  fleetClock.measured = { ...measured!, aheadOfWallMs: measured!.aheadOfWallMs - 3_600_000 };
  for await (const { capturedAt } of stream.frames()) if (capturedAt > from.at + 200) break;
  const until = moment(50);
  const summary = Object(await thing.invoke("end_recording", { id, ...until }));
  assert.deepEqual([summary.ended, summary.driftMs], ["stopped", 0]);
  const { times, clock } = Object(await thing.invoke("frame_times", { id: file.id }));
  assert.ok(
    times[0] >= from.at + shift && times.at(-1) <= until.at + shift,
    "by the clock of its beginning",
  );
  assert.equal(clock.offsetMs, AHEAD_MS);
});

test("a recording ends at once where the member has gone whose clock the end is by", {
  timeout,
}, async (t) => {
  const { thing, stream } = await recorderFor(t);
  const { id } = Object(await thing.invoke("hold_recording", { name: "joint" }));
  const from = moment(500);
  await thing.invoke("begin_recording", { id, ...from });
  for await (const { capturedAt } of stream.frames()) if (capturedAt > from.at + 100) break;
  fleetClock.measured = { ...fleetClock.measured!, reference: "b" };
  const summary = Object(await thing.invoke("end_recording", { id, ...moment(60_000) }));
  assert.equal(summary.ended, "stopped");
  assert.equal(summary.driftMs, undefined);
  assert.ok(summary.captured > 0);
});
