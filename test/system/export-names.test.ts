// Whatever a film is called that is made of a recording, it has that recording's ledger beside it, and no other.
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import {
  exportRecording,
  RecordingsFolder,
  RecordingWriter,
  verifyRecording,
} from "thingscope/recording";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { removeWholeRecording } from "../../src/recording/files/remove-recording.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { newPath, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48);

async function recorded(path: string, count: number): Promise<string> {
  const writer = new RecordingWriter({ path, camera: `of ${count}` });
  for (let index = 0; index < count; index++) {
    const about = { run: "k3x9q2", index, capturedAt: START + index * 40 };
    writer.add(storeFrame(JPEG, about).frame);
  }
  await writer.close();
  return writer.opened;
}

test("each film that is made of a recording is compared with its ledger, and goes with it", {
  timeout,
}, async () => {
  const path = await recorded(await newPath(), 12);
  const folder = dirname(path);
  const other = await recorded(join(folder, "film-2.mkv"), 5);
  const elsewhere = dirname(await newPath());
  const made: string[] = [];
  for (const wanted of [
    undefined,
    undefined,
    join(folder, "film-2.mp4"),
    join(elsewhere, "CLIP.MP4"),
  ]) {
    made.push((await exportRecording(path, { format: "mp4", path: wanted })).path);
  }
  assert.deepEqual(
    made.map((one) => basename(one)),
    [
      "film.mp4",
      "film-3.mp4", // film-2 is another recording
      "film-2-2.mp4",
      "CLIP.MP4",
    ],
  );
  for (const one of made) {
    const { ok, sentence, frames } = await verifyRecording(one);
    assert.ok(ok && frames === 12, sentence);
    assert.equal((await describeRecording(one)).head?.camera, "of 12");
  }
  assert.equal(await recorded(join(folder, "film-3.mkv"), 3), join(folder, "film-3-2.mkv"));
  await removeWholeRecording(path);
  assert.deepEqual((await readdir(folder)).sort(), [
    "film-2.ledger.jsonl",
    "film-2.mkv",
    "film-3-2.ledger.jsonl",
    "film-3-2.mkv",
  ]);
  assert.ok((await verifyRecording(other)).ok);
  assert.ok((await verifyRecording(made.at(-1)!)).ok, "what is elsewhere stays");
});

test("a second film is listed with what its ledger says, and deleted with it", {
  timeout,
}, async () => {
  const path = await recorded(await newPath(), 12);
  for (let n = 0; n < 2; n++) await exportRecording(path, { format: "webm" });
  const folder = new RecordingsFolder(dirname(path));
  await folder.open();
  const second = folder.files.list.find(({ name }) => name === "film-2.webm")!;
  assert.equal(second.toJSON().frames, 12);
  await folder.files.delete(second.id);
  await folder.close();
  assert.deepEqual((await readdir(dirname(path))).sort(), [
    "film.ledger.jsonl",
    "film.mkv",
    "film.webm",
  ]);
});

test("a second film of a version before, which gave it no ledger, is compared with its recording's", {
  timeout,
}, async () => {
  const path = await recorded(await newPath(), 12);
  for (let n = 0; n < 2; n++) await exportRecording(path, { format: "mp4" });
  await rm(join(dirname(path), "film-2.ledger.jsonl"));
  const { ok, sentence } = await verifyRecording(join(dirname(path), "film-2.mp4"));
  assert.ok(ok, sentence);
});
