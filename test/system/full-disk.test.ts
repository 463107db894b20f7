import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { now } from "../../src/base/clock.ts";
import { MJPEGStream } from "../../src/outputs/mjpeg-stream.ts";
import { startRecording } from "../../src/recording/continuous-recording.ts";
import { RecordingWriter } from "../../src/recording/recording-writer.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../outputs/pictures.ts";

const run = promisify(execFile);

/** A disk of 64 MB, until the test ends. Only root can make one: others have the file-size limit of crash.test.ts. */
async function onSmallDisk(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "small-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  try {
    await work(folder);
  } finally {
    await run("umount", [folder]);
  }
}

/** Adds frames of 100 kB, 100 a second, until the recording ends by itself; the file is as its ledger says then. */
async function feedUntil<T>(ended: Promise<T>, stream: MJPEGStream, path: string): Promise<T> {
  let index = 0;
  const feeding = setInterval(() => {
    stream.addFrame(picture(index++, 100_000), { capturedAt: now() });
  }, 10);
  const summary = await ended.finally(() => clearInterval(feeding));
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, `${sentence} ${JSON.stringify(summary)}`);
  return summary;
}

if (process.getuid?.() === 0) {
  test("recording ends before it touches the disk's reserve", { timeout: TEST_MS }, async () => {
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
}
