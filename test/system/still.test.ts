import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { TEST_MS } from "../limits.ts";
import { recorderFor } from "../things/recorder-server.ts";

const run = promisify(execFile);

test("ffprobe reads from a still's EXIF how it was taken", { timeout: TEST_MS }, async (t) => {
  const { recorder, host } = await recorderFor(t);
  await host.get("recorder").invoke("capture_still", { name: "cell", settle: false }).ended;
  const [{ path }] = recorder.recordings as [(typeof recorder.recordings)[0]];
  const { stdout } = await run("ffprobe", "-v error -show_frames -of json".split(" ").concat(path));
  const [{ tags, width, height }] = JSON.parse(stdout).frames;
  assert.deepEqual([width, height], [96, 64]);
  assert.match(tags.ImageDescription, /^camera\/mjpeg_stream, run \w+, frame \d+$/);
  assert.match(tags.DateTimeOriginal, /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/);
  assert.match(tags.ExposureTime, /^ *4000: *1000000$/);
  assert.equal(tags.Model, "Camera");
});
