import assert from "node:assert/strict";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folderWith, serveWith } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { record } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";
import { shim } from "./disk-shim.ts";
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

test("a disk that fails or is gone while the page records is told with what to do, and Record works again when it is back", {
  timeout,
}, async (t) => {
  const camera = { class: "thingscope/things:TestCamera" };
  const recorder = { class: "thingscope/things:Recorder", kwargs: { folder: "films" } };
  const folder = await folderWith({ "lab.json": JSON.stringify({ things: { camera, recorder } }) });
  const [films, failing] = [join(folder, "films"), join(folder, "failing")];
  const disk = { LD_PRELOAD: await shim("disk-shim"), DISK_FOLDER: `${films}/` };
  const env = { UV_USE_IO_URING: "0", ...disk, DISK_ERROR: failing };
  const { url } = await serveWith(t, { folder, env }, "lab.json");
  const { page, complaints } = await openPage(t);
  await page.goto(url);
  const panel = page.locator("recorder-panel");
  const record = async () => {
    await panel.getByText(/^\d+ frames?, /).waitFor({ state: "detached" }); // those of the one before
    await panel.getByRole("button", { name: "Record", exact: true }).click();
    await panel.getByText(/^[1-9]\d* frames, /).waitFor();
  };
  const isOff = panel.locator(".record[aria-pressed=false]:enabled");

  await record();
  await writeFile(failing, "28");
  await panel.getByText(/^[1-9]\d* frames: the disk is full$/).waitFor();
  await rm(failing);
  await isOff.waitFor();
  await panel
    .getByText(/^camera_\S+ ended: the disk is full\. Fix that, then record again\.$/)
    .waitFor();

  await record();
  await rename(films, `${films}-away`);
  await panel
    .getByText(/^camera_\S+ is lost: its folder was moved, or its disk taken out\. Fix that/)
    .waitFor();
  await isOff.waitFor();
  const gone = `The folder of recordings ${films} was removed or moved, or its disk taken out (ENOENT). Connect the disk again`;
  const lamp = page.locator("section", { has: panel }).locator("thing-lamp");
  await lamp.locator(".reason", { hasText: gone }).waitFor();
  assert.equal(await lamp.first().locator(".word").textContent(), "Degraded");
  await panel.getByText("No disk", { exact: true }).waitFor();
  const { reasons, things } = JSON.parse(await (await fetch(`${url}/health`)).text());
  assert.ok(
    reasons.some((reason: string) => reason.startsWith(gone)),
    reasons.join("\n"),
  );
  assert.deepEqual(
    things.recorder.troubles.filter((one: string) => one.startsWith(gone)).length,
    1,
  );
  await page.getByRole("link", { name: "Recordings", exact: true }).click();
  await page.locator("recordings-view").getByText(gone).waitFor();
  assert.equal(await page.getByText("There is no recording yet").count(), 0);
  await page.getByRole("link", { name: "Bench" }).click();

  await rename(`${films}-away`, films);
  await lamp.first().locator(".word", { hasText: "Ready" }).waitFor();
  assert.equal(await lamp.count(), 1, "no reason");
  await record();
  assert.equal(await panel.getByText("is lost").count(), 0, "what was is over");
  await panel.getByRole("button", { name: "Stop recording" }).click();
  await panel.getByText(/^Recorded \d+ frames over .*none was lost/).waitFor();
  assert.deepEqual(
    complaints.filter((text) => !text.includes("404")), // a poster of what is gone
    [],
  );
});
