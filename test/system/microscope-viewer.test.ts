import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { ThingClient } from "../../src/client/index.ts";
import { TEST_MS } from "../limits.ts";
import { microscopeFor } from "../server/demo-server.ts";
import { openPage, pixelsOf, shownIndex } from "./chromium.ts";

const timeout = TEST_MS;

test("the simulated microscope's viewer page shows the slide move with the stage, from the server that users start", {
  timeout,
}, async (t) => {
  const { url } = await microscopeFor(t);
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/camera/mjpeg_stream/viewer`);
  await page.waitForSelector('[data-state="streaming"]');
  const before = await newPicture(page);
  const still = difference(before, await newPicture(page));
  const stage = await ThingClient.connect(`${url}/stage/`);
  await stage.invoke("move_relative", { x: 400 });
  const moved = difference(before, await newPicture(page));
  assert.ok(still > 0, "noise differs from frame to frame");
  assert.ok(moved > 4 * still, `a difference of ${moved}, and ${still} where nothing moved`);
  assert.deepEqual(complaints, []);
});

/** The pixels of a frame that comes from now on. */
async function newPicture(page: Page): Promise<number[]> {
  const first = await shownIndex(page);
  while ((await shownIndex(page)) <= first + 3) await sleep(20);
  return pixelsOf(page, [0, 200, 800, 1]);
}

/** The mean difference of two pictures' values. */
function difference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, n) => sum + Math.abs(value - b[n]!), 0) / a.length;
}
