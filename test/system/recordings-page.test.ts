import assert from "node:assert/strict";
import { copyFile, link, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { abortable } from "thingscope";
import { exportRecording } from "thingscope/recording";
import { Recorder } from "thingscope/things";
import { noteInLedger } from "../../src/recording/ledger/note-in-ledger.ts";
import { TEST_MS } from "../limits.ts";
import { record, START } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";
import { film, NumberedCamera, numbered, shownBy, shows } from "./numbered-pictures.ts";

const timeout = TEST_MS;

/** Run in the page: how long a video is, in whole seconds. */
const lengthOf = Function(
  "video",
  `return new Promise((resolve, reject) => {
    const tell = () => video.duration > 0 && resolve(Math.round(video.duration));
    video.onloadedmetadata = tell;
    video.onerror = () => reject(new Error(video.error.message));
    tell();
  })`,
) as (video: unknown) => Promise<number>;

/** Steps on or back, and waits until the player says that it shows that frame. */
async function step(page: Page, key: string, n: number): Promise<void> {
  await page.locator("recording-player .stage").press(key);
  await page.locator("recording-player output", { hasText: `Frame ${n + 1} of` }).waitFor();
}

test("one click records with the seconds before it, one stops, one plays: each frame of the player is the picture of its index; two clicks delete", {
  timeout,
}, async (t) => {
  const camera = new NumberedCamera();
  const { url, folder, recorder } = await recorderFor(t, { pre_s: 30, post_s: 0 }, { camera });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/?view=recordings`);
  await page.getByText("There is no recording yet").waitFor();
  await page.goto(url);
  await page.getByText("Up to 30 s before the click are in the recording").waitFor();
  while (camera.mjpeg_stream.lastFrameIndex < 40) await page.waitForTimeout(20); // they are in the pre-roll
  const pressed = camera.mjpeg_stream.lastFrameIndex;
  await page.locator("recorder-panel .record").click();
  await page.getByText(/^[1-9]\d* frames, /).waitFor();
  await page.getByText("0 frames", { exact: true }).waitFor(); // none was lost, and that is said
  await page.getByRole("link", { name: "Recordings" }).click();
  await page.locator("recordings-view li .open", { hasText: "Recording" }).click();
  const grows = page.locator("recording-player output", { hasText: /^Frame .*, still recording/ });
  await grows.waitFor();
  const listed = Number(/of (\d+)/.exec((await grows.textContent()) ?? "")?.[1]);
  while (Number(/of (\d+)/.exec((await grows.textContent()) ?? "")?.[1]) <= listed)
    await page.waitForTimeout(20);
  await step(page, "Home", 0);
  const { index: oldest } = await shownBy(page);
  await step(page, ".", 1);
  await shows(page, { picture: (oldest + 1) % 256, index: oldest + 1, n: 1 });
  await page.getByRole("link", { name: "Bench" }).click();
  await page.locator("recorder-panel .record").click();
  await page.getByText(/^Recorded \d+ frames over .*none was lost/).waitFor();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.locator("recording-player output", { hasText: /Frame \d+ of \d+ ·/ }).waitFor();
  await page.locator("recording-player .stage:focus").waitFor(); // the button is gone

  assert.match(page.url(), /[?&]recording=/);
  const [file] = recorder.recordings;
  const { frames, dropped } = Object(JSON.parse(JSON.stringify(file)));
  assert.equal(dropped, 0);
  await step(page, "Home", 0);
  const { index: first } = await shownBy(page);
  assert.ok(first < pressed, `frame ${first} was captured before the click, ${pressed}`);
  for (const n of [1, 2, 3]) {
    await step(page, n === 2 ? "." : "ArrowRight", n);
    await shows(page, { picture: (first + n) % 256, index: first + n, n });
  }
  await step(page, "End", frames - 1);
  await step(page, ",", frames - 2);
  const last = first + frames - 2;
  await shows(page, { picture: last % 256, index: last, n: frames - 2 });

  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(`${frames} of ${frames} frames`).waitFor();
  await page.getByRole("button", { name: "One frame on" }).press(","); // keys, wherever the focus is
  await page.locator("recording-player output", { hasText: `Frame ${frames - 2} of` }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "MKV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), file!.name);
  assert.deepEqual(await readFile(await download.path()), await readFile(join(folder, file!.name)));
  await page.getByRole("button", { name: "Delete" }).click();
  assert.equal(recorder.recordings.length, 1, "one click deletes nothing");
  await page.getByRole("button", { name: "Delete for good?" }).click();
  await page.getByText("There is no recording yet").waitFor();
  assert.deepEqual(recorder.recordings, []);
  assert.deepEqual(complaints, []);
});

test("a clip of hours into a stream lasts as long as it is; damage, losses, hostile names and files without a ledger are shown as they are", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const frames = film(40, { missing: [20, 21] });
  const early = START - 5 * 3_600_000;
  const { path } = await record(frames, { path: join(folder, "clip.mkv"), timeZero: early });
  for (const format of ["mp4", "webm"] as const) await exportRecording(path, { format });
  const other = await record(frames, { path: join(folder, "other.mkv") });
  const why = "other.mkv was not exported: there is no room. The MKV is kept.";
  await noteInLedger(other.path, { notExported: { format: "mp4", why } });
  const bytes = await readFile(other.path);
  const second = bytes.indexOf(numbered(1));
  bytes.fill(0, second, second + 100);
  await writeFile(other.path, bytes);
  await copyFile(path, join(folder, "<img src=x onerror=document.title=1>.mkv"));
  for (let n = 0; n < 50; n++) await link(path, join(folder, `more-${n}.mkv`));
  const { url } = await recorderFor(t, { folder });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/?view=recordings`);
  await page.getByText(/^55 recordings, /).waitFor();
  assert.equal(await page.locator("recordings-view li").count(), 50);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("51 to 55 of 55").waitFor();

  const search = page.getByRole("searchbox");
  await search.fill("clip");
  const rows = page.locator("recordings-view li .open");
  for (const format of ["MP4", "WEBM"]) {
    await rows.filter({ hasText: format }).click();
    const video = page.locator("recording-player video");
    assert.equal(await video.evaluate(lengthOf), 4);
  }
  await rows.filter({ hasText: "▸" }).click();
  await page.getByText("1 gap, 2 frames lost").waitFor();
  await step(page, "Home", 0);
  for (const n of [10, 20]) await step(page, "PageDown", n);
  await shows(page, { picture: 22, index: 22, n: 20 });

  await search.fill("other");
  await rows.first().click();
  await page.getByText(`No MP4: ${why}`).waitFor();
  await step(page, "Home", 0);
  await step(page, ".", 1);
  await page.getByText("Its data is damaged: it cannot be shown.").waitFor();
  await step(page, ".", 2);
  await shows(page, { picture: 2, index: 2, n: 2 });
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("37 of 38 frames").waitFor();
  await page.getByText(/^other\.mkv: disagrees with its ledger: 1 frame .* damaged/).waitFor();

  await search.fill("onerror");
  await rows.first().click();
  await page.locator("recording-player output", { hasText: "of 38 ·" }).waitFor(); // without a ledger
  await step(page, "Home", 0);
  await step(page, ".", 1);
  await shows(page, { picture: 1, index: -1, n: 1 });
  assert.notEqual(await page.title(), "1");
  assert.deepEqual(complaints, []);
});

/** Exports and verifies when it is let. */
class PatientRecorder extends Recorder {
  static waiting: Promise<unknown> = Promise.resolve();

  override async verify(...[input, run]: Parameters<Recorder["verify"]>) {
    await abortable(PatientRecorder.waiting, run.signal);
    return super.verify(input, run);
  }

  override async export(...[input, run]: Parameters<Recorder["export"]>) {
    await abortable(PatientRecorder.waiting, run.signal);
    return super.export(input, run);
  }
}

test("recordings are searched, verified, exported, selected and deleted; what runs goes on in a page that is loaded again, and can be cancelled there", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  await record(film(40), { path: join(folder, "clip.mkv") });
  for (const name of ["dawn", "dusk", "noon"])
    await record(film(3), { path: join(folder, `${name}.mkv`), reason: `sun at ${name}` });
  const film40 = await readFile(join(folder, "clip.mkv"));
  await writeFile(join(folder, "nothing.mkv"), film40.subarray(0, 200)); // ends before its first frame
  const { url, recorder } = await recorderFor(t, { folder }, { kind: PatientRecorder });
  const { page, complaints } = await openPage(t);
  const tools = page.locator("recording-tools");
  const rows = page.locator("recordings-view li .open");
  await page.goto(`${url}/?view=recordings`);
  await page.getByRole("searchbox").fill("SUN du");
  await page.getByText("1 recording, ").waitFor();
  await page.getByRole("searchbox").fill("midnight");
  await page.getByText("No recording has “midnight” in its name").waitFor();
  await page.getByRole("searchbox").fill("nothing");
  await rows.first().click();
  await page.locator("recording-player").getByText("This recording has no frame.").waitFor();
  await page.locator("recording-tools").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete for good?" }).click();
  await page.locator("recording-player").waitFor({ state: "detached" });
  await page.getByRole("searchbox").fill("clip");
  await rows.first().click();

  let release: () => void = () => {};
  const wait = () => {
    PatientRecorder.waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
  };
  wait();
  await tools.getByRole("button", { name: "Verify" }).click();
  await tools.getByRole("button", { name: "Cancel: Verifying" }).waitFor();
  await page.reload();
  await tools.getByRole("button", { name: "Cancel: Verifying" }).click();
  await tools.getByRole("button", { name: "Verify" }).click();
  await tools.getByRole("button", { name: "Cancel: Verifying" }).waitFor();
  release();
  await tools.getByText("40 of 40 frames").waitFor();
  await tools.locator("button:focus", { hasText: "Verify" }).waitFor();

  wait();
  await tools.getByRole("button", { name: "WebM" }).click();
  await page.reload();
  await tools.getByRole("button", { name: "Cancel: WebM export" }).click();
  await tools.getByRole("button", { name: "WebM" }).waitFor();
  release();
  for (const [label, name] of [
    ["MP4", "clip.mp4"],
    ["WebM", "clip.webm"],
  ] as const) {
    const made = page.waitForEvent("download");
    await tools.getByRole("button", { name: label }).click();
    assert.equal((await made).suggestedFilename(), name);
    await tools.getByRole("link", { name: label }).waitFor();
  }

  await page.reload();
  await page.getByText("6 recordings, ").waitFor();
  for (const name of ["dawn", "dusk"]) await page.getByLabel(`Select ${name}`).check();
  await page.getByText("2 selected").waitFor();
  const list = page.getByLabel("Recordings", { exact: true });
  await list.getByRole("button", { name: "Select all 6" }).click();
  await page.getByText("6 selected").waitFor();
  for (const name of ["noon", "clip"])
    for (const box of await page.getByLabel(`Select ${name}`).all()) await box.uncheck();
  const [first, second] = await Promise.all([
    page.waitForEvent("download", (one) => one.suggestedFilename() === "dawn.mkv"),
    page.waitForEvent("download", (one) => one.suggestedFilename() === "dusk.mkv"),
    list.getByRole("button", { name: "Download" }).click(),
  ]);
  assert.ok((await first.path()) && (await second.path()));
  await list.getByRole("button", { name: "Delete" }).click();
  await list.getByRole("button", { name: "Delete 2 recordings?" }).click();
  await page.getByText("4 recordings, ").waitFor();
  await list.locator(".open:focus").waitFor();
  assert.deepEqual(recorder.recordings.map(({ name }) => name).sort(), [
    ...["clip.mkv", "clip.mp4", "clip.webm", "noon.mkv"],
  ]);

  await page.goto(url);
  const form = page.locator("timelapse-form");
  await form.getByText("Timelapse", { exact: true }).click();
  const every = form.getByLabel("Every, s");
  await every.press("ControlOrMeta+a");
  await every.pressSequentially("0,05");
  await form.getByRole("button", { name: "Start" }).click();
  await form.getByText("'0,05' is not a number. Write a point: 0.05.").waitFor();
  await every.fill("0.05");
  await form.getByRole("button", { name: "Start" }).click();
  await form.getByText(/^\d+ pictures$/).waitFor();
  await page.reload();
  await form.getByRole("button", { name: "Stop" }).click();
  await form.getByText("Stopped: the pictures so far are recorded").waitFor();
  const others = complaints.filter((complaint) => !complaint.includes("status of 422")); // no frame, no poster
  assert.deepEqual(others, []);
});
