// Sizes and places in a file that lead anywhere.
import assert from "node:assert/strict";
import { open, readFile, truncate, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { bytesBehindCues } from "../../src/recording/matroska/cues.ts";
import { SEGMENT_SIZE_AT } from "../../src/recording/matroska/matroska.ts";
import { headOf } from "../../src/recording/matroska/scan.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { copyOf, damage, originals } from "./damage.ts";
import { collect } from "./recordings.ts";

const timeout = TEST_MS;
const { closed } = await originals();
const SIZES = { small: "01000000000003e8", large: "0100ffffffffffff" };

for (const [name, size] of Object.entries(SIZES)) {
  test(`a ${name} size of all that is in a file, at which players end, is told and put right`, {
    timeout,
  }, async () => {
    const path = await copyOf(closed);
    await damage(path, SEGMENT_SIZE_AT, { bytes: Buffer.from(size, "hex") });
    assert.match(
      (await verifyRecording(path)).sentence,
      new RegExp(`its head says that it ends at byte \\d+, but it ends at ${closed.bytes.length}`),
    );
    assert.equal((await repairRecording(path)).frames, 60);
    assert.ok((await verifyRecording(path)).ok);
    assert.equal((await repairRecording(path)).repaired, false);
  });
}

test("three gigabytes of nothing behind a recording are not read at once", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const bytes = 3 * 2 ** 30;
  await truncate(path, bytes);
  const file = await open(path);
  assert.equal(await bytesBehindCues(file, await headOf(file)), bytes - closed.bytes.length);
  await file.close();
  await using film = await openRecording(path);
  assert.equal((await collect(film.frames())).length, 60);
  if (!process.env.THINGSCOPE_LONG) return; // every byte of it is looked at
  assert.equal((await repairRecording(path)).frames, 60);
  assert.ok((await verifyRecording(path)).ok);
});

test("of a file whose beginning is gone it is said how many pictures are in it, and how to have them", {
  timeout,
}, async () => {
  const heads = {
    "not a Matroska file": closed.bytes.subarray(4096),
    "is damaged": Buffer.concat([closed.bytes.subarray(0, 47), closed.bytes]),
  };
  for (const [why, bytes] of Object.entries(heads)) {
    const path = await copyOf(closed);
    await writeFile(path, bytes);
    const told = new RegExp(`${why}\\. It still has \\d+ whole pictures, and was not changed`);
    assert.match((await verifyRecording(path)).sentence, told);
    await assert.rejects(repairRecording(path), { code: "BAD_RECORDING", message: told });
    assert.ok((await readFile(path)).equals(bytes));
  }
});
