import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { statSync } from "node:fs";
import { readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { laneOf } from "../../src/base/disk-lane.ts";
import { limitHits } from "../../src/base/limit-hits.ts";
import { FolderRoom } from "../../src/recording/files/folder-room.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { accountOf } from "./accounts.ts";
import { recorderOf, SteppedCamera } from "./event-films.ts";
import { frames, newPath } from "./recordings.ts";

const timeout = TEST_MS;
const quota = (bytes: number) => ({ reserveBytes: 0, quotaBytes: bytes });

test("with a quota a folder of many files is not looked through each second", {
  timeout,
}, async () => {
  const path = await newPath();
  const count = 800;
  for (let n = 0; n < count; n++) await writeFile(join(dirname(path), `${n}.mp4`), "");
  const stream = new MJPEGStream();
  const recording = await startRecording({ camera: stream, path, quotaBytes: 1e9 });
  let asked = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === "FSREQPROMISE") asked += 1;
    },
  }).enable();
  const start = now();
  await eventually(() => {
    stream.addFrame(picture(0));
    return now() - start > 1200;
  });
  hook.disable();
  await recording.stop();
  assert.ok(asked < count / 2, `${asked} questions to the disk in 1.2 s`);
});

test("what waits to be written by one recording is no room for another in its folder", {
  timeout,
}, async () => {
  const path = await newPath();
  const first = new RecordingWriter({ path, room: quota(300_000) });
  for (const one of frames(5, 30, 50_000)) first.add(one);
  const hits = () => limitHits().get("recording_room")!;
  const before = hits();
  const second = new RecordingWriter({
    path: join(dirname(path), "second.mkv"),
    room: quota(300_000),
  });
  for (const one of frames(2, 30, 50_000)) second.add(one);
  await assert.rejects(second.opened, {
    code: "NO_ROOM",
    status: 507,
    message: /cannot be recorded to: the quota of 0.3 MB is used up\. Delete or move/,
  });
  assert.equal(hits() - before, 1);
  assert.equal((await first.close()).written, 5);
});

test("recordings of a folder that begin at once end before its quota is passed, together, whatever path leads there", {
  timeout,
}, async () => {
  const path = await newPath();
  const folder = dirname(path);
  await symlink(".", join(folder, "link"));
  const writers = Array.from({ length: 6 }, (_, n) => {
    const way = n % 2 === 0 ? folder : join(folder, "link");
    return new RecordingWriter({ path: join(way, `${n}.mkv`), room: quota(300_000) });
  });
  await Promise.all(writers.map(({ opened }) => opened));
  const coming = frames(200, 30, 20_000);
  let index = 0;
  const feeding = setInterval(() => {
    for (const writer of writers) writer.add(coming[index % coming.length]!);
    index += 1;
  }, 5);
  try {
    const summaries = await Promise.all(writers.map(({ ended }) => ended));
    for (const { ended } of summaries) assert.equal(ended, "the quota of 0.3 MB is used up");
    const films = (await readdir(folder)).filter((name) => /^\d\.mkv$/.test(name));
    const sizes = await Promise.all(
      films.map(async (name) => (await stat(join(folder, name))).size),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 150_000 && bytes < 310_000, `${bytes} bytes in ${films.length} files`);
  } finally {
    clearInterval(feeding);
  }
});

test("a folder has one room, whatever path leads to it", { timeout }, async () => {
  const folder = dirname(await newPath());
  const link = join(folder, "link");
  await symlink(".", link);
  const rooms = [];
  for (const way of [folder, link, `${link}/`]) {
    await laneOf(way);
    rooms.push(FolderRoom.take(way));
  }
  assert.equal(new Set(rooms).size, 1);
  for (const room of rooms) room.release();
});

test("a trigger whose past has no room is refused; when there is room, the next one begins a file", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index, 10_000));
  const others = await newPath("others.jpg");
  await writeFile(others, new Uint8Array(1_000_000));
  const { recorder, films, record } = await recorderOf(camera, {
    filenameGenerator: () => join(dirname(others), "event.mkv"),
    room: quota(1_500_000),
  });
  camera.playTo(3);
  await assert.rejects(record(), { code: "NO_ROOM", message: /the quota of 1.5 MB is used up/ });
  camera.playTo(3.5);
  assert.equal(recorder.busy, false, "nothing is recorded");
  await rm(others);
  await record();
  camera.playTo(9);
  await recorder.stop();
  assert.deepEqual(
    films.map(({ summary }) => [summary.captured, summary.dropped]),
    [[121, {}]],
  );
});

test("an event's file that grows ends before a quota is passed, and lists what came afterwards", {
  timeout,
}, async () => {
  const path = await newPath();
  const stream = new MJPEGStream();
  const recorder = new VideoRecorder({
    camera: stream,
    filenameGenerator: () => path,
    preSec: 0.1,
    postSec: 600,
    room: quota(2_000_000),
  });
  let index = 0;
  let from = Number.POSITIVE_INFINITY;
  // A disk that a busy machine keeps waiting is not taken for a quicker stream: a writer foresees what may come.
  const ahead = () =>
    (index - from) * 20_000 - (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  const feeding = setInterval(() => {
    if (!recorder.busy || ahead() < 400_000) stream.addFrame(picture(index++, 20_000));
  }, 5);
  try {
    const begun = recorder.record({ maxDelaySec: 10 });
    from = index;
    await begun;
    await eventually(() => !recorder.busy);
    const failedAt = index;
    await eventually(() => index > failedAt + 10);
    await recorder.stop();
    const { summary, kept, lost } = await accountOf(path);
    assert.equal(summary.ended, "the quota of 2 MB is used up");
    assert.ok(summary.bytes > 1_000_000 && summary.bytes < 2_000_000, `${summary.bytes} bytes`);
    assert.deepEqual([...new Set(lost.map(({ why }) => why))], [summary.ended]);
    const last = lost.at(-1)!.to;
    assert.equal(last - kept[0]!.index! + 1, summary.captured, "each is written or listed");
    assert.ok(last >= failedAt + 10);
  } finally {
    clearInterval(feeding);
    await recorder.stop();
  }
});
