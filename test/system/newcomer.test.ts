import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";

/** The number of the picture that is shown. */
async function frameShown(page: Page): Promise<number> {
  const facts = await page.locator("camera-view .facts").first().textContent();
  return Number(/frame\s*(\d+)/.exec(facts ?? "")?.[1]);
}

/** What the Recorder has, as JSON. */
async function recordingsOf(url: string): Promise<string> {
  return (await fetch(`${url}/recorder/recordings`)).text();
}

/** Waits for a picture that is newer. */
async function newerThan(page: Page, index: number): Promise<void> {
  while (!((await frameShown(page)) > index)) await page.waitForTimeout(50);
}

test("who has never read the docs sees the microscope move without a click, and focuses, keeps, records, plays and deletes by one or two", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveCli(t, await folderWith({}));
  const { page, complaints } = await openPage(t, { width: 1440, height: 900 });
  page.setDefaultTimeout(TEST_MS); // a busy machine computes the pictures of a focus slowly
  await page.goto(url);
  await page.locator("camera-view [data-state=streaming]").first().waitFor();
  await newerThan(page, await frameShown(page));
  const actions = page.locator("daily-actions");

  await actions.getByRole("button", { name: "Focus", exact: true }).click();
  await page.getByText("Focused").first().waitFor();

  const before = await (await fetch(`${url}/stage/position`)).text();
  await page.locator("stage-panel button[title^='Move ']").first().click();
  while ((await (await fetch(`${url}/stage/position`)).text()) === before)
    await page.waitForTimeout(50);

  const still = actions.getByText("Still", { exact: true });
  const [download] = await Promise.all([page.waitForEvent("download"), still.click()]);
  assert.match(download.suggestedFilename(), /\.jpe?g$/);

  const record = page.locator("recorder-panel .record");
  await record.click();
  await page.getByText(/^[1-9]\d* frames, /).waitFor();
  await record.click();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.locator("recording-player output", { hasText: /Frame \d+ of \d+/ }).waitFor();

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete for good?" }).click();
  while ((await recordingsOf(url)).includes(".mkv")) await page.waitForTimeout(50);
  assert.match(await recordingsOf(url), /\.jpg"/, "the still is kept, too");
  assert.deepEqual(complaints, []);
});
