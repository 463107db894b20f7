import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { truncate } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Frame } from "../../src/frames/frame.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { record, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

/** Real pictures at irregular times: jitter in microseconds, a burst of 3 ms, pauses of 2 s and of 40 s. */
async function pictures(): Promise<Frame[]> {
  const jpeg = await jpegOf(320, 240);
  return Array.from({ length: 100 }, (_, index) => {
    const pauseMs = (index >= 40 ? 2000 : 0) + (index >= 70 ? 40_000 : 0);
    const isBurst = index >= 20 && index < 30;
    const jitterMs = ((index * 7919) % 17_000) / 1000;
    const atMs = pauseMs + (isBurst ? 800 + (index - 20) * 3 : index * 40 + jitterMs);
    return storeFrame(jpeg, { run: "k3x9q2", index, capturedAt: START + atMs }).frame;
  });
}

async function probe(path: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run("ffprobe", ["-v", "warning", ...args, path]).catch(
    (error) => {
      throw new Error("ffprobe failed. If it is not installed, run: scripts/setup", {
        cause: error,
      });
    },
  );
  assert.equal(stderr, "");
  return stdout;
}

test("ffprobe reads every capture time to 0.05 ms", { timeout }, async () => {
  const all = await pictures();
  const { path } = await record(all);
  const packets = await probe(path, "-show_entries", "packet=pts_time", "-of", "csv=p=0");
  const times = packets
    .trim()
    .split("\n")
    .map((line) => 1000 * Number.parseFloat(line));
  assert.equal(times.length, 100);
  const errors = times.map((time, n) => Math.abs(time - (all[n]!.capturedAt - all[0]!.capturedAt)));
  console.log(`# largest error: ${Math.max(...errors).toFixed(4)} ms`);
  assert.ok(Math.max(...errors) <= 0.0511, `${Math.max(...errors)} ms`);
});

test("ffmpeg decodes every frame without a word, and every whole one of a file that was cut", {
  timeout,
}, async () => {
  const { path } = await record(await pictures());
  const decode = async (file: string) => {
    const args = ["-v", "warning", "-i", file, "-fps_mode", "passthrough", "-f", "framecrc", "-"];
    const { stdout, stderr } = await run("ffmpeg", args);
    return { frames: stdout.split("\n").filter((line) => /^0,/.test(line)).length, stderr };
  };
  assert.deepEqual(await decode(path), { frames: 100, stderr: "" });
  const { offset, size } = (await readLedger(ledgerPathOf(path)))!.frames.at(49)!;
  await truncate(path, offset + size + 1000);
  const { frames, stderr } = await decode(path);
  assert.equal(frames, 50);
  assert.match(stderr, /^(\S* ?File ended prematurely.*\n)?$/m);
});

test("ffprobe shows start, duration, date and tags", { timeout }, async () => {
  const about = { camera: "nest box", reason: "a trigger", timeZero: START - 7000 };
  const { path } = await record(await pictures(), about);
  const { format } = JSON.parse(await probe(path, "-show_format", "-of", "json"));
  assert.equal(Number(format.start_time), 7);
  assert.ok(Math.abs(Number(format.duration) - 45.98) < 0.1, format.duration);
  assert.equal(format.tags.creation_time, "2026-11-21T08:59:53.000000Z");
  assert.equal(format.tags.CAMERA, "nest box");
  assert.equal(format.tags.REASON, "a trigger");
});
