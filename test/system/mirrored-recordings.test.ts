import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mirrorOf } from "../adapters/mirror/origins.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { record } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";
import { film, shows } from "./numbered-pictures.ts";

test("a recording of the origin is played, frame by frame, and downloaded on the page of a mirror, which offers nothing that it cannot do", {
  timeout: TEST_MS,
  ...needsLong(), // relayed-files.test.ts has the short form, without a browser
}, async (t) => {
  const folder = await folderFor(t);
  const { path } = await record(film(10), { path: join(folder, "clip.mkv") });
  const source = await recorderFor(t, { folder });
  const mirror = await mirrorOf(t, source.url);
  const { page, complaints } = await openPage(t);
  await page.goto(`${mirror.url}/?view=recordings`);
  await page.locator("recordings-view li .open", { hasText: "clip" }).click();
  await page.locator("recording-player .stage").press("Home");
  await page.locator("recording-player output", { hasText: "Frame 1 of 10" }).waitFor();
  await page.locator("recording-player .stage").press(".");
  await shows(page, { picture: 1, index: 1, n: 1 });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "MKV" }).click(),
  ]);
  assert.deepEqual(await readFile(await download.path()), await readFile(path));
  for (const name of ["Delete", "Verify"])
    assert.equal(await page.getByRole("button", { name }).count(), 0, name);
  assert.deepEqual(complaints, []);
});
