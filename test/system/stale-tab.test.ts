import assert from "node:assert/strict";
import { test } from "node:test";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import { freePort } from "./recorder-process.ts";

const CAMERA =
  "things:\n  camera: {class: thingscope/testing:FaultyCamera, kwargs: {keep_warm: true}}\n";

test("F46: a viewer page that stays open while its server is restarted is live again by itself", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({ "lab.yaml": CAMERA });
  await install(folder);
  const port = String(await freePort());
  const args = ["lab.yaml", "--port", port];
  const first = await serveCli(t, folder, ...args);
  const { page } = await openPage(t);
  await page.goto(`${first.url}/camera/mjpeg_stream/viewer`);
  await page.waitForSelector('[data-state="live"]', { timeout: WAIT_MS });
  assert.equal(await first.stop(), 0);
  await page.waitForSelector(':not([data-state="live"])[data-state]', { timeout: WAIT_MS });
  const second = await serveCli(t, folder, ...args);
  assert.equal(second.url, first.url);
  const back = performance.now();
  await page.waitForSelector('[data-state="live"]', { timeout: WAIT_MS });
  const seconds = (performance.now() - back) / 1000;
  t.diagnostic(`live again ${seconds.toFixed(1)} s after the server was back`);
  assert.equal(await second.stop(), 0);
});
