import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { faultProxy } from "../faults/fault-proxy.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { serveStream } from "../streams/stream-server.ts";
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
  await page.waitForSelector('[data-state="streaming"]', { timeout: WAIT_MS });
  assert.equal(await first.stop(), 0);
  await page.waitForSelector(':not([data-state="streaming"])[data-state]', { timeout: WAIT_MS });
  const second = await serveCli(t, folder, ...args);
  assert.equal(second.url, first.url);
  const back = performance.now();
  await page.waitForSelector('[data-state="streaming"]', { timeout: WAIT_MS });
  const seconds = (performance.now() - back) / 1000;
  t.diagnostic(`live again ${seconds.toFixed(1)} s after the server was back`);
  assert.equal(await second.stop(), 0);
});

test("F14: a viewer page whose server vanishes without a word says so within 10 s", {
  timeout: TEST_MS,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serveStream(t, stream);
  const proxy = await faultProxy(t, port);
  const { page } = await openPage(t);
  await page.goto(`http://127.0.0.1:${proxy.port}/camera/live/viewer`);
  let n = 0;
  const filming = setInterval(() => stream.addFrame(picture(n++)), 50);
  t.after(() => clearInterval(filming));
  await page.waitForSelector('[data-state="streaming"]', { timeout: WAIT_MS });
  proxy.blackhole();
  const vanished = now();
  await page.waitForSelector('[data-state="lost"]', { timeout: WAIT_MS });
  const late = now() - vanished;
  assert.ok(late < 10_000, `${late} ms`);
  assert.match((await page.textContent(".banner")) ?? "", /The server does not answer/);
});
