import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import type { ContinuousSummary } from "../../src/recording/write/continuous-options.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "../recording/accounts.ts";
import { newPath } from "../recording/recordings.ts";
import { SEED } from "../seed.ts";
import { runOnFaultyDisk, runWithShim } from "./disk-shim.ts";

const [EIO, ENOSPC] = [5, 28];
const STALLED = "system/stalled-disk-child.js";

async function onStalledDisk(kind: "bare" | "recordings") {
  const [folder, stall] = [dirname(await newPath()), await newPath("stalled")];
  return {
    folder,
    told: JSON.parse(await runOnFaultyDisk(folder, { stall }, STALLED, kind, folder, stall)),
  };
}

test("four writes to a stalled disk would stop encodes and settings", {
  timeout: TEST_MS,
}, async () => {
  const { before, during } = (await onStalledDisk("bare")).told;
  assert.ok(before.encodes > 20 && before.saves > 5, JSON.stringify(before));
  assert.deepEqual(during, { encodes: 0, saves: 0 });
});

test("four recordings on a stalled disk leave encodes and settings alone, and list what they lost", {
  timeout: TEST_MS,
}, async () => {
  const { folder, told } = await onStalledDisk("recordings");
  const { before, during, summaries, index } = told;
  console.log(
    `# encodes ${before.encodes}, stalled ${during.encodes}; saves ${before.saves}, stalled ${during.saves}`,
  );
  assert.ok(during.encodes > before.encodes / 2, JSON.stringify(told));
  assert.ok(during.saves > 5, JSON.stringify(told));
  for (const [n, { captured, written, dropped }] of summaries.entries()) {
    assert.ok(dropped["the disk was too slow"] > 20, JSON.stringify(summaries));
    assert.equal(captured, index);
    assert.equal(written, index - dropped["the disk was too slow"]);
    const { ok, sentence } = await verifyRecording(join(folder, `${n}.mkv`));
    assert.ok(ok, sentence);
  }
});

/** Of so many writes and syncs one fails in turn, in each run another: each in a long run. */
const STEP = process.env.THINGSCOPE_LONG ? 1 : 3;
/** How far 60 frames are captured apart, so that they need several clusters, ms. */
const APART_MS = "60";

/** Records 60 frames while the n-th write or sync fails. @returns whether nothing failed any more. */
async function recordWithFault(failAt: number, errno: number): Promise<boolean> {
  const path = await newPath();
  const program = "recording/recording-child.js";
  const args = [path, "5000", "60", APART_MS];
  const told = await runOnFaultyDisk(dirname(path), { failAt, errno }, program, ...args);
  const { ended, captured, written } = JSON.parse(told.trimEnd().split("\n").at(-1)!);
  assert.ok(captured <= 60 && written <= captured, told);
  if ((await readdir(dirname(path))).length === 0) return false; // not one frame, so no file
  if (!(await verifyRecording(path)).ok) await repairRecording(path);
  const account = await accountOf(path).catch((cause) => {
    throw new Error(`${errno} at ${failAt}: ${messageOf(cause)}`, { cause });
  });
  assert.ok(account.kept.length >= written);
  return ended === "stopped" && written === 60;
}

for (const [name, errno] of Object.entries({ EIO, ENOSPC })) {
  test(`whichever write or sync fails with ${name}, the process goes on and the ledger is exact`, {
    timeout: TEST_MS,
  }, async () => {
    let faults = 0;
    let failAt = 1 + (SEED % STEP);
    for (let untouched = false; !untouched; failAt += 4 * STEP) {
      const next = Array.from({ length: 4 }, (_, n) => recordWithFault(failAt + n * STEP, errno));
      const passed = await Promise.all(next);
      untouched = passed.every(Boolean);
      faults += passed.filter((one) => !one).length;
      assert.ok(faults < 200);
    }
    console.log(`# ${name}: ${faults} writes and syncs failed, one in each of so many recordings`);
  });
}

/** Records on a disk that fails, also while the file is closed, for so long after it began to. */
async function closeOnFailingDisk(failsForMs: number) {
  const [path, error] = [await newPath(), await newPath("error")];
  const settings = { DISK_FOLDER: `${dirname(path)}/`, DISK_ERROR: error };
  const program = "system/closing-child.js";
  const args = [dirname(path), error, String(failsForMs)];
  const told = await runWithShim("disk-shim", settings, program, ...args);
  const [ended, before, after] = told
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { path, ended, before, after };
}

/** Frames that were captured are written or dropped, as the ledger says, and as was told when the recording ended. */
async function assertAllAccounted(
  path: string,
  { captured, written, dropped, ended }: ContinuousSummary,
) {
  assert.match(ended, /the disk failed: EIO/);
  assert.ok(written > 0 && dropped > 0 && captured >= 40, `${captured}, ${written}, ${dropped}`);
  const { summary } = (await readLedger(ledgerPathOf(path)))!;
  assert.deepEqual([summary?.captured, summary?.written], [captured, written]);
  const why = Object.keys(summary?.dropped ?? {}).join();
  assert.match(why, /the disk failed: EIO/);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  console.log(`# ${sentence}`);
}

test("a disk that fails while a file is closed is tried again: the frames that waited are in the ledger", {
  timeout: TEST_MS,
}, async () => {
  const { path, ended } = await closeOnFailingDisk(1500);
  await assertAllAccounted(path, ended);
});

test("a disk that fails for longer is told of at once, and in the ledger when it works again", {
  timeout: TEST_MS,
}, async () => {
  const { path, ended, before, after } = await closeOnFailingDisk(9000);
  assert.deepEqual([before.growing, after.growing], [true, false]);
  for (const about of [before, after]) {
    assert.deepEqual([about.frames, about.dropped], [ended.written, ended.dropped]);
    assert.equal(about.ended, ended.ended);
  }
  await assertAllAccounted(path, ended);
});
