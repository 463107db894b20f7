// What verify says of a recording that is not as its ledger says, and repair makes of it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { copyOf, originals } from "./damage.ts";

const timeout = TEST_MS;
const { closed } = await originals();

test("what stands behind the end of a recording is told by verify, and cut off by repair", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const whole = await readFile(path);
  const behind = whole.subarray(0, closed.frames[0]!.offset + 1000);
  await writeFile(path, Buffer.concat([whole, behind]));
  const { ok, sentence } = await verifyRecording(path);
  assert.equal(ok, false);
  assert.match(sentence, new RegExp(`${behind.length} bytes after its end do not belong to it`));
  assert.equal((await repairRecording(path)).repaired, true);
  assert.equal((await verifyRecording(path)).ok, true);
});

test("a frame whose line stands in the ledger twice is not listed as lost", {
  timeout,
}, async () => {
  for (const double of [1, 8]) {
    const path = await copyOf(closed);
    const lines = (await readFile(ledgerPathOf(path), "utf8")).split("\n");
    const doubled = lines.toSpliced(12, 0, ...lines.slice(12 - double, 12));
    await writeFile(ledgerPathOf(path), doubled.join("\n"));
    const { ok, missing } = await verifyRecording(path);
    assert.equal(ok, false, "the ledger cannot be right");
    assert.equal(missing.length, 0);
    assert.match((await repairRecording(path)).sentence, /none of the listed frames was lost/);
    const { summary } = (await readLedger(ledgerPathOf(path)))!;
    assert.deepEqual([summary!.dropped, summary!.captured], [{}, closed.frames.length]);
    assert.equal((await verifyRecording(path)).ok, true);
  }
});
