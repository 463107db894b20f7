import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { record } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";
import { film } from "./numbered-pictures.ts";

test("the keyboard alone opens, closes and deletes recordings, and goes on from where it was", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderFor(t);
  for (const name of ["dawn", "noon", "dusk"])
    await record(film(3), { path: join(folder, `${name}.mkv`) });
  const { url, recorder } = await recorderFor(t, { folder });
  const { page, complaints } = await openPage(t);
  const row = (name: string) => page.locator("recordings-view li .open", { hasText: name });
  const focused = (name: string) =>
    page.locator("recordings-view li .open:focus", { hasText: name }).waitFor();
  await page.goto(`${url}/?view=recordings`);
  await page.getByRole("combobox", { name: "Order" }).selectOption("name");
  await row("dawn").press("Enter");
  await page.locator("recording-player .stage").press("Escape");
  await page.locator("recording-player").waitFor({ state: "detached" });
  await focused("dawn");

  await page.keyboard.press("Enter");
  const remove = page.locator("recording-tools").getByRole("button", { name: "Delete" });
  await remove.press("Enter");
  await page.getByRole("button", { name: "Delete for good?" }).press("Escape");
  await page.getByRole("button", { name: "Delete", exact: true }).press("Escape");
  await focused("dawn");

  for (const [deleted, next] of [
    ["dawn", "dusk"],
    ["dusk", "noon"],
  ] as const) {
    await page.keyboard.press("Enter");
    await page.locator("recording-player output", { hasText: "of 3 ·" }).waitFor();
    await remove.press("Enter");
    await page.keyboard.press("Enter");
    await row(deleted).waitFor({ state: "detached" });
    await focused(next);
  }
  assert.deepEqual(
    recorder.recordings.map(({ name }) => name),
    ["noon.mkv"],
  );
  assert.deepEqual(complaints, []);
});
