import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { recorderOf, SteppedCamera } from "../recording/event-films.ts";
import { newPath } from "../recording/recordings.ts";

const timeout = TEST_MS;

/** That ffprobe finds this start and duration, to two frames. */
async function assertSpan(path: string, start: number, duration: number): Promise<void> {
  const args = ["-v", "error", "-show_entries", "format=start_time,duration", "-of", "json", path];
  const { stdout } = await promisify(execFile)("ffprobe", args).catch((error) => {
    throw new Error("ffprobe failed. If it is not installed, run: scripts/setup", { cause: error });
  });
  const { format } = JSON.parse(stdout);
  const told = `${path} starts at ${format.start_time} and lasts ${format.duration}`;
  console.log(`# ${told}`);
  assert.ok(Math.abs(Number(format.start_time) - start) <= 0.066, told);
  assert.ok(Math.abs(Number(format.duration) - duration) <= 0.066, told);
}

test("ffprobe: triggers at 3, 4, 9 s give 5 s from second 1 and 4 s from second 7", {
  timeout,
}, async () => {
  const jpeg = await jpegOf(160, 120);
  const camera = new SteppedCamera(() => jpeg);
  const { recorder, films, record } = await recorderOf(camera);
  for (const second of [3, 4, 9]) {
    camera.playTo(second);
    await record();
  }
  camera.playTo(14);
  await recorder.stop();
  await assertSpan(films[0]!.path, 1, 5);
  await assertSpan(films[1]!.path, 7, 4);
});

test("ffprobe: two recorders give 4 s from second 1 and 5 s from second 2; the first trigger came early once", {
  timeout,
}, async () => {
  const jpeg = await jpegOf(160, 120);
  const camera = new SteppedCamera(() => jpeg);
  const [early, first, second] = [
    await recorderOf(camera),
    await recorderOf(camera),
    await recorderOf(camera),
  ];
  camera.playTo(0.5);
  await early.record();
  camera.playTo(3);
  await first.record();
  for (const at of [4, 5]) {
    camera.playTo(at);
    await second.record();
  }
  camera.playTo(10);
  for (const { recorder } of [early, first, second]) await recorder.stop();
  await assertSpan(early.films[0]!.path, 0, 2.5);
  await assertSpan(first.films[0]!.path, 1, 4);
  await assertSpan(second.films[0]!.path, 2, 5);
});

test("ffprobe: the same in real time", { timeout, ...needsLong() }, recordInRealTime);

async function recordInRealTime(): Promise<void> {
  const jpeg = await jpegOf(160, 120);
  const stream = new MJPEGStream();
  const folder = dirname(await newPath());
  let count = 0;
  const filenameGenerator = () => join(folder, `event${++count}.mkv`);
  const recorder = new VideoRecorder({ camera: stream, filenameGenerator, windowSizeSec: 2 });
  const startedAt = performance.now();
  let frames = 0;
  const feeding = setInterval(() => {
    const due = ((performance.now() - startedAt) * 30) / 1000;
    for (; frames < due; frames++) stream.addFrame(jpeg);
  }, 5);
  const paths: string[] = [];
  for (const waitMs of [3000, 1000, 5000]) {
    await sleep(waitMs);
    paths.push(await recorder.record({ maxDelaySec: 1 }));
  }
  while (recorder.busy) await sleep(20);
  clearInterval(feeding);
  await recorder.stop();
  await assertSpan(paths[0]!, 1, 5);
  await assertSpan(paths[2]!, 7, 4);
}
