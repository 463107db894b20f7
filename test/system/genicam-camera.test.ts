// A GigE Vision camera that Aravis imitates, over UDP of this machine.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { Child } from "../../src/processes/child.ts";
import { GenicamCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { describedAt, kwargsOnPage, untilItHolds, watched } from "./cameras.ts";

const timeout = TEST_MS;
const NOBODY = [
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--bounding-set=-all",
  "--inh-caps=-all",
];

/** Root reads packets past the loopback's addresses, where this camera is not found: its programs are an ordinary user's. */
async function asOrdinaryUser(t: TestContext): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = await mkdtemp(join(tmpdir(), "thingscope-genicam-"));
  for (const name of ["gst-launch-1.0", "arv-tool-0.8"]) {
    const line = `#!/bin/sh\nexec setpriv ${NOBODY.join(" ")} /usr/bin/${name} "$@"\n`;
    await writeFile(join(folder, name), line, { mode: 0o755 });
  }
  const { PATH } = process.env;
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  t.after(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });
}

function fakeCamera(t: TestContext): Child {
  const isRoot = process.getuid?.() === 0;
  const fake = ["arv-fake-gv-camera-0.8", "-i", "127.0.0.1"];
  const [program = "", ...args] = isRoot ? ["setpriv", ...NOBODY, ...fake] : fake;
  const child = new Child({ program, args });
  t.after(() => child.stop());
  return child;
}

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
