import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, type FrameSource, ThingHost, ThingServer } from "thingscope";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";

const JPEG = await jpegOf(96, 64);

/** It fails until it is plugged in, and is not tried again by itself within the test. */
class Unplugged extends Camera {
  isPlugged = false;

  protected override get patience() {
    return { backOffMs: 600_000, longestBackOffMs: 600_000 };
  }

  protected override source(): FrameSource {
    const camera = this;
    return {
      async *frames(signal) {
        if (!camera.isPlugged) throw new Error("The cable is out.");
        for (; !signal.aborted; await sleep(50)) yield { jpeg: JPEG };
      },
    };
  }
}

test("a click on the viewer's Retry starts a source that has failed at once", {
  timeout: TEST_MS,
}, async (t) => {
  const camera = new Unplugged();
  const host = new ThingHost();
  host.add("camera", camera);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const { page } = await openPage(t);
  await page.goto(`${url}/camera/mjpeg_stream/viewer`);
  const retry = page.getByRole("button", { name: "Retry" });
  await retry.waitFor();
  assert.match((await page.textContent(".banner")) ?? "", /The cable is out\./);
  camera.isPlugged = true;
  await retry.click();
  await page.waitForSelector('[data-state="streaming"]');
  await retry.waitFor({ state: "hidden" });
  assert.equal(camera.state.state, "streaming");
});
