import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { runCliLines, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { firstFrame } from "../streams/watching.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const configurations = readdirSync(packagePath("examples"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(json|yaml)$/.test(name))
  .map((name) => packagePath("examples", name));

test("every configuration under examples/ can be served, from any folder", {
  timeout: TEST_MS,
}, async () => {
  assert.ok(configurations.length >= 4);
  const lines = configurations.map((file) => ["check", file]);
  for (const { code, stdout, stderr } of await runCliLines(tmpdir(), lines)) {
    assert.equal(code, 0, stderr);
    assert.match(stdout, /: OK: /);
  }
});

test("a file that a Thing names is found beside the configuration", {
  timeout: TEST_MS,
}, async (t) => {
  const server = await serveCli(t, tmpdir(), packagePath("examples", "cameras.json"));
  const states = server.lines
    .map(({ msg }) => msg)
    .filter((msg) => / {2}PipelineCamera {2}/.test(msg));
  // Without GStreamer it is told that this is missing, and not that the file is.
  assert.match(states.join(), /open$|GStreamer|gst-/);
  assert.equal(server.page, `${server.url}/api/v3/`);
  await firstFrame(`${server.url}/api/v3/card/mjpeg_stream`);
  assert.equal(
    (await fetch(`${server.url}/api/v3/card/mjpeg_stream/snapshot?wait=20`)).status,
    200,
  );
});

test("without a configuration and a camera the simulated microscope is served", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder("thingscope-simulated-");
  const server = await serveCli(t, folder, "--simulated");
  assert.equal(server.page, `${server.url}/`);
  const things = server.lines.map(({ msg }) => msg).filter((msg) => msg.endsWith("  open"));
  assert.deepEqual(things, [
    "camera  SimulatedCamera  open",
    "stage  SimulatedStage  open",
    "autofocus  Autofocus  open",
    "recorder  Recorder  open",
    "camera_stage_mapping  CameraStageMapping  open",
    "scan  Scan  open",
  ]);
  await firstFrame(`${server.url}/camera/mjpeg_stream`);
  const snapshot = await fetch(`${server.url}/camera/mjpeg_stream/snapshot?wait=20`);
  assert.deepEqual([snapshot.status, snapshot.headers.get("content-type")], [200, "image/jpeg"]);
  assert.equal((await fetch(server.page)).status, 200);
});
