import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { TEST_MS } from "../limits.ts";
import { recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";

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

test("a Still that nobody answers says so, and is given up after a minute with what to do", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await recorderFor(t);
  const { page } = await openPage(t);
  const asked = new Promise<void>((resolve) => {
    void page.route("**/recorder/capture_still", () => resolve());
  });
  await page.goto(url);
  const still = page.locator("daily-actions").getByRole("button", { name: "Still" });
  const said = page.locator("daily-actions .said");
  await still.waitFor();
  await page.clock.install();
  await still.click();
  await asked;
  await page.clock.fastForward(25_000);
  await said.filter({ hasText: "No answer for 20 s" }).waitFor();
  await page.clock.fastForward(40_000);
  await page.clock.fastForward(10_000); // for the name of what would have to be cancelled
  await said.filter({ hasText: /not answered in time: .*Look, then try again/ }).waitFor();
  await page.locator("daily-actions button:not([aria-disabled])", { hasText: "Still" }).waitFor();
});
