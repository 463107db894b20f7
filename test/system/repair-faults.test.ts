import assert from "node:assert/strict";
import { copyFile, readdir, truncate } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { frames, newPath, record } from "../recording/recordings.ts";
import { runOnFaultyDisk } from "./disk-shim.ts";

const EIO = 5;
/** How many of the writes and syncs of a repair fail in turn. */
const MOST = process.env.THINGSCOPE_LONG ? 200 : 4;

/** Repairs a copy of a torn recording while the n-th write or sync fails. @returns whether nothing failed any more. */
async function repairWithFault(torn: string, failAt: number): Promise<boolean> {
  const path = await newPath();
  const folder = dirname(path);
  await copyFile(torn, path);
  await copyFile(ledgerPathOf(torn), ledgerPathOf(path));
  const program = "system/repair-fault-child.js";
  const { failed, open } = JSON.parse(
    await runOnFaultyDisk(folder, { failAt, errno: EIO }, program, path),
  );
  assert.deepEqual(open, [], `${failAt}: ${failed?.why}`);
  if (failed) {
    assert.ok(failed.isTold, `${failAt}: ${failed.why}`);
    assert.match(failed.why, /was not repaired.*EIO/, String(failAt));
  }
  await repairRecording(path);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, `${failAt}: ${sentence}`);
  const names = [basename(path), basename(ledgerPathOf(path))];
  assert.deepEqual((await readdir(folder)).toSorted(), names.toSorted(), String(failAt));
  return failed === undefined;
}

test("whichever write or sync of a repair fails, that is told, nothing is left open, and the next repair does it", {
  timeout: TEST_MS,
}, async () => {
  const { path: torn } = await record(frames(60, 33, 5000), {
    path: join(dirname(await newPath()), "torn.mkv"),
  });
  await truncate(torn, 200_000);
  let n = 1;
  for (; n <= MOST; n++) if (await repairWithFault(torn, n)) break;
  console.log(`# each of ${n - 1} writes and syncs failed in turn`);
  assert.ok(n > 1);
});
