import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RecordingCounts } from "../../src/recording/write/recording-counts.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { frame, frames, newPath } from "./recordings.ts";

const timeout = TEST_MS;

test("frames are counted while a file is written and when it is closed, once, and lost ones by the reasons of its ledger", {
  timeout,
}, async () => {
  const counts = new RecordingCounts();
  for (const files of [1, 2]) {
    const writer = new RecordingWriter({ path: await newPath(), counts });
    for (const one of frames(10, 40)) writer.add(one);
    writer.add({ ...frame(10, 400), capturedAt: Number.NaN });
    writer.add(frame(13, 520));
    const lost = { "its time is not a number": files, "it never arrived": 2 * files };
    assert.deepEqual(Object.fromEntries(counts.lost), lost);
    while (counts.recorded < 11 * files) await sleep(10);
    const { written, dropped } = await writer.close();
    assert.deepEqual([counts.recorded, Object.fromEntries(counts.lost)], [11 * files, lost]);
    assert.deepEqual(
      [written, dropped],
      [11, { "its time is not a number": 1, "it never arrived": 2 }],
    );
  }
});

test("frames of a file that was removed are lost, with that reason", { timeout }, async () => {
  const counts = new RecordingCounts();
  const path = await newPath();
  const writer = new RecordingWriter({ path, counts });
  for (const one of frames(10, 40)) writer.add(one);
  while (counts.recorded < 10) await sleep(10);
  await rm(dirname(path), { recursive: true });
  await writer.close();
  assert.deepEqual(Object.fromEntries(counts.lost), { "its folder was removed": 10 });
  assert.equal(counts.recorded, 10);
});

test("reasons that are new each time are counted together from the 33rd on", () => {
  const counts = new RecordingCounts();
  for (let n = 0; n < 40; n++) counts.lose(`the disk failed ${n} times`, 2);
  counts.lose("the disk failed 3 times", 1);
  assert.equal(counts.lost.size, 33);
  assert.equal(counts.lost.get("other reasons, which the ledgers give"), 16);
  assert.equal(counts.lost.get("the disk failed 3 times"), 3);
});
