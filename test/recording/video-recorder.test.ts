import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { test } from "node:test";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { MultiVideoRecorder } from "../../src/recording/write/multi-video-recorder.ts";
import { PreRollRing } from "../../src/recording/write/pre-roll.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { recorderOf, SteppedCamera } from "./event-films.ts";
import { collect, newPath } from "./recordings.ts";

const timeout = TEST_MS;
const small = (index: number) => picture(index);

test("triggers at 3, 4 and 9 s give a film of 5 s and one of 4 s; the name is asked for once each", {
  timeout,
}, async () => {
  const camera = new SteppedCamera(small);
  const { recorder, films, record } = await recorderOf(camera);
  const paths: string[] = [];
  for (const second of [3, 4, 9]) {
    camera.playTo(second);
    paths.push(await record());
  }
  camera.playTo(14);
  await recorder.stop();
  assert.deepEqual(
    paths.map((path) => basename(path)),
    ["event1.mkv", "event1.mkv", "event2.mkv"],
  );
  assert.deepEqual(
    films.map(({ path }) => path),
    [paths[0], paths[2]],
  );
  for (const { path, summary } of films) {
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
    assert.equal(summary.ended, "the window is over");
  }
  await using film = await openRecording(paths[2]!);
  const found = await collect(film.frames());
  assert.deepEqual([found[0]!.index, found.at(-1)!.index], [210, 330]);
  // Epoch milliseconds as a double carry a quarter of a microsecond, and the file a whole one.
  assert.ok(Math.abs(film.info.timeZero! - camera.start) < 0.001, String(film.info.timeZero));
});

test("its phases are pythiags' states: it is busy except while it waits for a trigger", {
  timeout,
}, async () => {
  const camera = new SteppedCamera(small);
  const { recorder, films, record } = await recorderOf(camera, { windowSizeSec: 0.5 });
  assert.deepEqual([recorder.phase, recorder.busy], ["detached", true]);
  camera.playTo(1);
  assert.deepEqual([recorder.phase, recorder.busy], ["buffering", false]);
  const opening = record();
  assert.equal(recorder.phase, "starting");
  await opening;
  assert.equal(recorder.phase, "recording");
  camera.playTo(2);
  assert.equal(recorder.phase, "recording", "a trigger could still join");
  camera.playTo(2.2);
  assert.equal(recorder.phase, "finishing");
  await recorder.stop();
  assert.equal(films.length, 1);
  assert.equal(recorder.busy, false);
  await assert.rejects(recorder.record(), { code: "NOT_READY" });
});

test("a window ends by the clock when frames have ceased, and with the camera", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const path = await newPath();
  const filenameGenerator = () => path;
  await using recorder = new VideoRecorder({
    camera: stream,
    filenameGenerator,
    windowSizeSec: 0.1,
  });
  assert.equal(stream.demand.count, 1);
  const record = (maxDelaySec = 5) =>
    new Promise<string>((resolve, reject) => {
      const onVideoFinished = (_: string, { ended }: { ended: string }) => resolve(ended);
      recorder.record({ maxDelaySec, onVideoFinished }).catch(reject);
    });
  await assert.rejects(record(0.05), { code: "NOT_READY", message: /no frame within 0.05 s/ });
  stream.addFrame(picture(0));
  assert.equal(await record(), "the window is over");
  stream.addFrame(picture(1));
  const ended = record();
  stream.stop();
  assert.equal(await ended, "the camera stopped");
  await eventually(() => !recorder.busy); // or who waits for it would wait for ever
  assert.equal(recorder.phase, "detached");
  await assert.rejects(record(), { code: "STREAM_STOPPED" });
  await recorder.stop();
  assert.equal(stream.demand.count, 0);
});

test("a file that cannot be made fails its trigger, and the next one is tried anew", {
  timeout,
}, async () => {
  const camera = new SteppedCamera(small);
  const blocked = await newPath();
  await writeFile(blocked, "");
  const names = [`${blocked}/event.mkv`, await newPath()];
  const { recorder, films, record } = await recorderOf(camera, {
    filenameGenerator: () => names.shift() ?? "",
  });
  camera.playTo(3);
  await assert.rejects(record(), { code: "RECORDING_FAILED" });
  while (recorder.busy) await new Promise(setImmediate);
  camera.playTo(3.5);
  await record();
  await recorder.stop();
  assert.equal(films.length, 1);
});

test("ring and writer can be replaced", { timeout }, async () => {
  const camera = new SteppedCamera(small);
  class EverySecond extends PreRollRing {
    override push(frame: Parameters<PreRollRing["push"]>[0]): void {
      if (frame.index % 2 === 0) super.push(frame);
    }
  }
  const reasons: unknown[] = [];
  class Listed extends RecordingWriter {
    constructor(options: ConstructorParameters<typeof RecordingWriter>[0]) {
      super(options);
      reasons.push(options.reason);
    }
  }
  const parts = { ringBufferClass: EverySecond, recordBinClass: Listed, reason: "a bird" };
  const { recorder, films, record } = await recorderOf(camera, parts);
  camera.playTo(3);
  await record();
  camera.playTo(3 + 1 / 30);
  await recorder.stop();
  assert.deepEqual(reasons, ["a bird"]);
  assert.equal(films[0]!.summary.written, 32);
  assert.deepEqual(films[0]!.summary.dropped, { "it never arrived": 30 });
});

test("several cameras are recorded one by one, and one camera by several recorders", {
  timeout,
}, async () => {
  const [first, second] = [new SteppedCamera(small), new SteppedCamera(small)];
  const folder = (await newPath("")).replace(/\/$/, "");
  const names: string[] = [];
  const multi = new MultiVideoRecorder({
    cameras: { 0: first.stream, 1: second.stream, again: first.stream },
    filenameGenerator: (camera) => {
      names.push(camera);
      return `${folder}/${camera}.mkv`;
    },
    clock: () => Math.max(first.clock(), second.clock()),
  });
  assert.equal(multi.busy, true);
  for (const camera of [first, second]) camera.playTo(3);
  assert.equal(multi.busy, false);
  const options = { maxDelaySec: 5 };
  const paths = await Promise.all([multi.record(0, options), multi.record("again", options)]);
  assert.deepEqual(names, ["0", "again"]);
  await assert.rejects(multi.record(7), {
    code: "BAD_ARGUMENT",
    message: /The recorders are: 0, 1, again/,
  });
  await multi.stop();
  for (const path of paths) {
    const { ok, frames } = await verifyRecording(path);
    assert.ok(ok && frames >= 60, `${frames}`);
  }
});
