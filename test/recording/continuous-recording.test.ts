import assert from "node:assert/strict";
import { readdir, stat, statfs, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import {
  type ContinuousRecording,
  startRecording,
} from "../../src/recording/write/continuous-recording.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { SteppedCamera } from "./event-films.ts";
import { collect, newPath } from "./recordings.ts";

const timeout = TEST_MS;

test("what is started is recorded until it is stopped, and stopping writes all that waits", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index, 50_000));
  const path = await newPath();
  const recording = await startRecording({
    camera: { name: "nest", mjpeg_stream: camera.stream },
    path,
  });
  assert.equal(camera.stream.demand.count, 1);
  camera.playTo(10);
  const fractions: number[] = [];
  const summary = await recording.stop({ onProgress: (fraction) => fractions.push(fraction) });
  assert.equal(fractions.at(-1), 1);
  assert.deepEqual(
    [summary.ended, summary.captured, summary.written, summary.dropped],
    ["stopped", 301, 301, 0],
  );
  assert.equal(camera.stream.demand.count, 0);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await using film = await openRecording(path);
  assert.equal(film.info.tags.CAMERA, "nest");
});

test("files are split by time between two frames, no frame is lost or twice, each begins at 0", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index));
  const recording = await startRecording({
    camera: camera.stream,
    path: await newPath(),
    splitSec: 2,
  });
  for (let second = 1; second <= 9; second++) {
    camera.playTo(second);
    await idle(recording);
  }
  const { files, written } = await recording.stop();
  assert.equal(written, 271);
  assert.deepEqual(
    files.map(({ path }) => basename(path)),
    ["film-00.mkv", "film-01.mkv", "film-02.mkv", "film-03.mkv", "film-04.mkv"],
  );
  const indices: (number | undefined)[] = [];
  for (const { path } of files) {
    assert.ok((await verifyRecording(path)).ok);
    await using film = await openRecording(path);
    const frames = await collect(film.frames());
    assert.ok(Math.abs(film.info.timeZero - frames[0]!.capturedAt) < 0.001);
    indices.push(...frames.map(({ index }) => index));
  }
  assert.deepEqual(
    indices,
    Array.from({ length: 271 }, (_, n) => n),
  );
});

test("files are split by size, and the oldest makes way for the newest", { timeout }, async () => {
  const camera = new SteppedCamera((index) => picture(index, 10_000));
  const path = await newPath();
  const limits = { splitBytes: 200_000, maxFiles: 3 };
  const recording = await startRecording({ camera: camera.stream, path, ...limits });
  for (let n = 1; n <= 120; n++) {
    camera.playTo(n / 30);
    if (n % 15 !== 0) continue;
    await idle(recording);
  }
  const { files, written, captured } = await recording.stop();
  assert.deepEqual([captured, written], [121, 121]);
  assert.deepEqual(
    files.map(({ path: one }) => basename(one)),
    ["film-04.mkv", "film-05.mkv", "film-06.mkv"],
  );
  assert.equal((await readdir(dirname(path))).length, 6);
  for (const { path: one } of files) assert.ok((await stat(one)).size <= 200_000);
});

test("it ends with a reason before a quota is passed, and does not start without room", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index, 100_000));
  const path = await newPath();
  const recording = await startRecording({ camera: camera.stream, path, quotaBytes: 2_000_000 });
  camera.playTo(0.5);
  assert.equal(recording.endReason, undefined);
  camera.playTo(1);
  const { ended, files, captured, written, dropped } = await recording.ended;
  assert.equal(ended, "the quota of 2 MB is used up");
  assert.equal(files[0]!.summary.ended, ended);
  assert.deepEqual([captured, written, dropped], [31, 19, 12]);
  assert.deepEqual(files[0]!.summary.dropped, { [ended]: 12 });
  const again = { camera: camera.stream, path };
  await assert.rejects(startRecording({ ...again, quotaBytes: 1_900_000 }), {
    code: "NO_ROOM",
    message: /cannot be recorded to: the quota of 1.9 MB is used up\. Delete or move/,
  });
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  await assert.rejects(startRecording({ ...again, quotaBytes: 1_900_000, log }));
  assert.match(lines[0] ?? "", /^Recording .* ends: .*the quota of 1.9 MB .*try again\.$/);
  assert.doesNotMatch(lines.join("\n"), /\.\./);
  const { bavail, bsize } = await statfs(dirname(path));
  await assert.rejects(startRecording({ ...again, reserveBytes: 2 * bavail * bsize }), {
    message: /the disk has less than its reserve of \d+ MB free/,
  });
  await assert.rejects(startRecording({ ...again, splitSec: 0 }), { code: "BAD_ARGUMENT" });
});

test("it ends with its camera, and says when it cannot begin", { timeout }, async () => {
  const stream = new MJPEGStream();
  const recording = await startRecording({ camera: stream, path: await newPath() });
  stream.addFrame(picture(0));
  stream.stop();
  assert.equal((await recording.ended).ended, "the camera stopped");
  const blocked = await newPath();
  await writeFile(blocked, "");
  await assert.rejects(startRecording({ camera: stream, path: `${blocked}/film.mkv` }), {
    code: "RECORDING_FAILED",
  });
  await assert.rejects(startRecording({ camera: stream, path: blocked.replace("mkv", "avi") }), {
    code: "BAD_ARGUMENT",
  });
  assert.equal(stream.demand.count, 0);
});

/** Until nothing waits for the disk. */
async function idle(recording: ContinuousRecording): Promise<void> {
  while (recording.queuedBytes > 0 || recording.isSplitting) await new Promise(setImmediate);
}
