import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startRecording, verifyRecording } from "thingscope/recording";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { SteppedCamera } from "../recording/event-films.ts";
import { newPath } from "../recording/recordings.ts";
import { slowFfmpeg } from "./slow-ffmpeg.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48);

for (const keepMkv of [false, true]) {
  test(`the file that was begun first makes way, and its MP4 is not waited for${keepMkv ? ", with the MKV beside it" : ""}`, {
    timeout,
  }, async (t) => {
    const path = await newPath("film.mp4");
    const folder = dirname(path);
    await slowFfmpeg(t, "film-00"); // its MP4 is never made
    const camera = new SteppedCamera(() => JPEG);
    const limits = { splitSec: 1, maxFiles: 2, keepMkv };
    const recording = await startRecording({ camera: camera.stream, path, ...limits });
    for (let second = 0; !(await readdir(folder)).includes("film-03.mkv"); second += 0.1) {
      camera.playTo(second);
      await sleep(10); // files are opened and closed meanwhile
    }
    const { files, captured, written } = await recording.stop();
    assert.equal(written, captured);
    const names = files.map(({ path: one }) => basename(one));
    assert.deepEqual(names, ["film-02.mp4", "film-03.mp4"]);
    const extensions = keepMkv ? ["ledger.jsonl", "mkv", "mp4"] : ["ledger.jsonl", "mp4"];
    const wanted = ["02", "03"].flatMap((n) => extensions.map((end) => `film-${n}.${end}`));
    assert.deepEqual((await readdir(folder)).toSorted(), wanted);
    for (const { path: one } of files) assert.ok((await verifyRecording(one)).ok, one);
  });
}
