// A GigE Vision camera that Aravis imitates, over UDP of this machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GenicamCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { asOrdinaryUser, fakeCamera } from "./aravis-fake.ts";
import { describedAt, kwargsOnPage, untilItHolds, watched } from "./cameras.ts";

const timeout = TEST_MS;
test("a GenICam camera streams, and its features are properties with the camera's limits", {
  timeout,
}, async (t) => {
  await asOrdinaryUser(t);
  fakeCamera(t);
  const { bench, frame } = await watched(t, GenicamCamera, kwargsOnPage("GenicamCamera"));
  const first = await frame();
  const property = await describedAt(bench.url);
  const [Width, ExposureTimeAbs] = [property("Width"), property("ExposureTimeAbs")];
  assert.deepEqual([Width.type, Width.minimum, Width.maximum], ["integer", 1, 2048]);
  assert.deepEqual([ExposureTimeAbs.type, ExposureTimeAbs["@type"]], ["number", "ExposureControl"]);
  assert.match(
    ExposureTimeAbs.description ?? "",
    /^Exposure duration, in microseconds\. Setting it interrupts/,
  );
  assert.ok(property("PixelFormat").enum?.includes("Mono8"));
  assert.equal(property("DeviceModelName").readOnly, true);
  const client = await bench.client();
  await client.write("Width", 256);
  const { width, run } = await frame();
  assert.deepEqual([width, run === first.run], [256, false]);
  const { actions } = Object(await (await fetch(bench.url)).json());
  assert.match(actions.TriggerSoftware?.description ?? "", /It interrupts the pictures/);
  assert.equal(actions.AcquisitionStop, undefined);
  const { run: before } = await frame();
  await client.invoke("TriggerSoftware");
  assert.notEqual((await frame()).run, before);
  await assert.rejects(client.write("Width", 4096), { code: "INVALID_INPUT" });
  await assert.rejects(client.write("PixelFormat", "Mono8 Width=1"), { code: "INVALID_INPUT" });
});

test("a GenICam camera that comes later has its features then, and what was set again after it was away", {
  ...needsLong(),
  timeout,
}, async (t) => {
  await asOrdinaryUser(t);
  const options = kwargsOnPage("GenicamCamera");
  const { bench, camera, frame, until } = await watched(t, GenicamCamera, options);
  assert.match(await until("disconnected"), /GenICam camera 'Aravis-Fake-GV01' was not found/);
  const fake = fakeCamera(t);
  await until("streaming");
  const client = await bench.client();
  await client.write("Width", 256);
  await client.write("Height", 256);
  await client.write("ExposureTimeAbs", 20_000);
  const { capturedAt } = await frame();
  assert.ok((await frame()).capturedAt > capturedAt);
  fake.kill();
  await fake.ended;
  await until("disconnected");
  fakeCamera(t); // as from the factory
  await until("streaming");
  await untilItHolds(async () => assert.equal((await frame()).width, 256));
  assert.equal(await client.read("ExposureTimeAbs"), 20_000);
  assert.equal(camera.program, "gst-launch-1.0");
});
