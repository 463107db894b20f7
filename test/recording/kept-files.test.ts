import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { KeptFiles } from "../../src/recording/files/kept-files.ts";
import { claimRecording } from "../../src/recording/files/recording-claims.ts";
import type { RecordingSummary } from "../../src/recording/ledger/ledger.ts";
import { TEST_MS } from "../limits.ts";
import { frames, newPath, record } from "./recordings.ts";

const timeout = TEST_MS;

/** Recordings `0.mkv` to `3.mkv` in a folder. */
async function recordings(count: number) {
  const folder = dirname(await newPath());
  const made: { path: string; summary: RecordingSummary }[] = [];
  for (let n = 0; n < count; n++) {
    made.push(await record(frames(3, 30), { path: join(folder, `${n}.mkv`) }));
  }
  return { folder, made };
}

/** Numbers of the recordings that there are. */
async function thereIn(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mkv"));
  return names.map((name) => Number.parseInt(name, 10)).toSorted();
}

for (const order of ["0123", "3210", "2031", "1302"]) {
  test(`of files that are closed in the order ${order}, those that were begun last are kept, and told in their order`, {
    timeout,
  }, async () => {
    const { folder, made } = await recordings(4);
    const told: string[] = [];
    const onFile = (path: string) => told.push(basename(path));
    const kept = new KeptFiles({ most: 2, onFile, log: silentLog });
    const begun = made.map(() => kept.begin());
    for (const n of [...order].map(Number)) {
      await kept.close(begun[n]!, made[n]!.path, made[n]!.summary);
    }
    assert.deepEqual(await thereIn(folder), [2, 3]);
    assert.deepEqual(
      kept.closed.map(({ path }) => basename(path)),
      ["2.mkv", "3.mkv"],
    );
    for (const name of ["0.mkv", "1.mkv"]) {
      assert.equal(told.filter((one) => one === name).length, 1, "gone, and never told as kept");
    }
  });
}

test("the oldest goes with its MP4, its WebM and its ledger", { timeout }, async () => {
  const { folder, made } = await recordings(2);
  for (const name of ["0.mp4", "0.webm"]) await writeFile(join(folder, name), "x");
  const kept = new KeptFiles({ most: 1, onFile: () => {}, log: silentLog });
  for (const { path, summary } of made) await kept.close(kept.begin(), path, summary);
  assert.deepEqual((await readdir(folder)).toSorted(), ["1.ledger.jsonl", "1.mkv"]);
});

test("a file without a frame does not count", { timeout }, async () => {
  const { folder, made } = await recordings(2);
  const kept = new KeptFiles({ most: 2, onFile: () => {}, log: silentLog });
  await kept.close(kept.begin(), made[0]!.path, made[0]!.summary);
  await kept.close(kept.begin(), join(folder, "none.mkv"), { ...made[0]!.summary, written: 0 });
  await kept.close(kept.begin(), made[1]!.path, made[1]!.summary);
  assert.deepEqual(await thereIn(folder), [0, 1]);
});

test("the oldest stays while it is exported, and goes when that has ended", {
  timeout,
}, async () => {
  const { folder, made } = await recordings(3);
  const kept = new KeptFiles({ most: 1, onFile: () => {}, log: silentLog });
  const release = claimRecording(made[0]!.path, "exporting", "mp4");
  for (const { path, summary } of made.slice(0, 2)) await kept.close(kept.begin(), path, summary);
  assert.deepEqual(await thereIn(folder), [0, 1, 2]);
  release();
  await kept.close(kept.begin(), made[2]!.path, made[2]!.summary);
  assert.deepEqual(await thereIn(folder), [2]);
});
