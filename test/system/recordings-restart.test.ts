import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { record } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";
import { film, shows } from "./numbered-pictures.ts";

const timeout = TEST_MS;

test("a server that restarts while a recording is played is waited for; where there is no room, the page says so", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  await record(film(60, { bytes: 100_000 }), { path: join(folder, "film.mkv") });
  const first = await recorderFor(t, { folder });
  const { page } = await openPage(t);
  await page.goto(`${first.url}/?view=recordings`);
  await page.locator("recordings-view li .open").click();
  await page.locator("recording-player output", { hasText: /Frame \d+ of 60/ }).waitFor();
  await page.locator("recording-player .stage").press("Home");
  await first.server.close();
  await page.locator("recording-player .stage").press("End"); // too far to be there already
  await page
    .locator("recording-player")
    .getByText("The server does not answer. Trying again.")
    .waitFor();
  const again = await recorderFor(t, { folder, quota_mb: 0.000001 }, { port: first.port });
  await page.locator("recording-player output", { hasText: "Frame 60 of 60" }).waitFor();
  await shows(page, { picture: 59, index: 59, n: 59 });

  await page.getByRole("link", { name: "Bench" }).click();
  await page.locator("recorder-panel .record").click();
  await page
    .getByRole("alert")
    .filter({ hasText: /quota|room/ })
    .waitFor();
  assert.equal(again.recorder.recordings.length, 1);
});
