import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { exportRecording } from "thingscope/recording";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { noteInLedger } from "../../src/recording/ledger/note-in-ledger.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { record, START } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

test("a clip of hours into a stream lasts as long as it is, and the first page says why there is no MP4 of another", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const jpeg = await jpegOf(96, 64);
  const frames = Array.from({ length: 40 }, (_, index) => {
    const capturedAt = START + 5 * 3_600_000 + index * 100;
    return storeFrame(jpeg, { run: "k3x9q2", index, capturedAt }).frame;
  });
  const { path } = await record(frames, { path: join(folder, "clip.mkv"), timeZero: START });
  for (const format of ["mp4", "webm"] as const) await exportRecording(path, { format });
  const other = await record(frames, { path: join(folder, "other.mkv") });
  const why = "other.mkv was not exported: there is no room. The MKV is kept.";
  await noteInLedger(other.path, { notExported: { format: "mp4", why } });
  const { url } = await recorderFor(t, { folder });
  const { page, complaints } = await openPage(t);
  await page.goto(url);
  await page.waitForSelector("#recordings .failed");
  assert.equal(await page.textContent("#recordings .failed"), `No MP4: ${why}`);
  const durations =
    await page.evaluate(`Promise.all(["mp4", "webm"].map((end) => new Promise((resolve, reject) => {
    const name = [...document.querySelectorAll("#recordings .name")].find((one) => one.textContent === "clip." + end);
    const video = document.createElement("video");
    video.onloadedmetadata = () => resolve(Math.round(video.duration));
    video.onerror = () => reject(new Error(end + ": " + video.error.message));
    video.src = name.href;
  })))`);
  assert.deepEqual(durations, [4, 4]);
  assert.deepEqual(complaints, []);
});
