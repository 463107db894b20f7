import assert from "node:assert/strict";
import { copyFile, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { now } from "../../src/base/clock.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { needsRoot } from "../needs.ts";
import { accountOf, type Captured, missingFrom } from "../recording/accounts.ts";
import { irregular } from "../recording/irregular.ts";
import { record } from "../recording/recordings.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { onSmallDisk } from "./small-disk.ts";

const ROOT = needsRoot("mounts a disk");

/** Adds frames of 100 kB, 200 a second. */
function feed(stream: MJPEGStream): ReturnType<typeof setInterval> {
  let index = 0;
  return setInterval(() => {
    stream.addFrame(picture(index++, 100_000), { capturedAt: now() });
  }, 5);
}

/** Adds frames until the recording ends by itself; the file is as its ledger says then. */
async function feedUntil<T>(ended: Promise<T>, stream: MJPEGStream, path: string): Promise<T> {
  const feeding = feed(stream);
  const summary = await ended.finally(() => clearInterval(feeding));
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, `${sentence} ${JSON.stringify(summary)}`);
  return summary;
}

test("recording ends before it touches the disk's reserve", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (folder) => {
    const path = join(folder, "film.mkv");
    const stream = new MJPEGStream();
    const recording = await startRecording({ camera: stream, path, reserveBytes: 30e6 });
    const { ended, dropped } = await feedUntil(recording.ended, stream, path);
    assert.equal(ended, "the disk has less than its reserve of 30 MB free");
    assert.equal(dropped, 0);
    const { bavail, bsize } = await statfs(folder);
    assert.ok(bavail * bsize > 15e6, `${bavail * bsize} bytes are free`);
  });
});

test("on a disk that others fill, the file is closed and agrees with its ledger", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (folder) => {
    await writeFile(join(folder, "others"), new Uint8Array(50e6));
    const path = join(folder, "film.mkv");
    const stream = new MJPEGStream();
    const writer = new RecordingWriter({ path });
    stream.onFrame((frame) => writer.add(frame));
    const { ended, written, captured, dropped } = await feedUntil(writer.ended, stream, path);
    assert.equal(ended, "the disk is full");
    assert.deepEqual(dropped, { "the disk is full": captured - written });
    assert.ok(written > 50, `${written} frames`);
  });
});

test("an event's file that fills the disk ends, the next trigger begins another, and every frame is in one ledger", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (folder) => {
    const others = join(folder, "others");
    await writeFile(others, new Uint8Array(50e6));
    const stream = new MJPEGStream();
    const captured: Captured[] = [];
    stream.onFrame(({ run, index, capturedAt, jpeg }) => {
      captured.push({ run, index, capturedAt, crc: crc32(jpeg) });
    });
    const finished: string[] = [];
    const recorder = new VideoRecorder({
      camera: stream,
      filenameGenerator: () => join(folder, "event.mkv"),
      preSec: 0.5,
      postSec: 30,
    });
    const feeding = feed(stream);
    try {
      const trigger = () =>
        recorder.record({ maxDelaySec: 20, onVideoFinished: (path) => finished.push(path) });
      const first = await trigger();
      await eventually(() => !recorder.busy);
      const failedAt = captured.length;
      await eventually(() => captured.length > failedAt + 100);
      await rm(others);
      const second = await trigger();
      const begunAt = captured.length;
      assert.notEqual(second, first);
      await eventually(() => captured.length > begunAt + 30);
      clearInterval(feeding);
      await recorder.stop();
      assert.deepEqual(finished, [first, second]);
      const accounts = [await accountOf(first), await accountOf(second)];
      assert.equal(accounts[0]?.summary.ended, "the disk is full");
      const missed = accounts[0]!.lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
      assert.ok(missed > 20, `${missed} frames are listed that came when it had failed`);
      const since = captured.findIndex(({ index }) => index === accounts[0]!.kept[0]!.index);
      assert.deepEqual(missingFrom(accounts, captured.slice(since)), []);
    } finally {
      clearInterval(feeding);
      await recorder.stop();
    }
  });
});

test("an export that has no room is refused with what to do, exit code 1, and leaves nothing, nor does one that was killed", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (folder) => {
    const { path } = await record(irregular());
    const film = join(folder, "film.mkv");
    await copyFile(path, film);
    await copyFile(ledgerPathOf(path), ledgerPathOf(film));
    const killed = join(folder, ".film.mp4.999999999-1.0a1b2c3d.part");
    await writeFile(killed, "x");
    const names = ["film.ledger.jsonl", "film.mkv"];
    const told = async (...words: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, "export", "film.mkv", ...words);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.deepEqual((await readdir(folder)).filter((name) => name !== "others").sort(), names);
      return stderr;
    };
    assert.match(await told(), /film\.mkv was not exported: .* reserve of 500 MB free\. Delete or/);
    await writeFile(join(folder, "others"), new Uint8Array(70e6)).catch(() => {});
    const full = await told("--reserve", "0");
    assert.match(full, /film\.mkv was not exported: .*: the disk is full\. Delete or move/);
    assert.match(
      await told("--format", "csv", "-o", "t.csv"),
      /t\.csv cannot be written: the disk is full \(ENOSPC\)/,
    );
    await rm(join(folder, "others"));
    const made = await runCli(folder, "export", "film.mkv", "--reserve", "20");
    assert.equal(made.code, 0, made.stderr);
  });
});
