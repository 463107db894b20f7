// Two recordings in one file: no frame of the second is thrown away, and both verify and repair say that there are some.
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { copyOf, damage, originals } from "./damage.ts";
import { frames, newPath, record } from "./recordings.ts";

const timeout = TEST_MS;
const { closed, crashed } = await originals();
const { path: otherPath } = await record(frames(25, 40, 2000));
const other = await readFile(otherPath);
const torn = (bytes: Buffer) => bytes.subarray(0, bytes.length - 1500);

const FIRSTS = { closed, crashed, torn: { ...crashed, bytes: torn(crashed.bytes) } };
const SECONDS = {
  closed: [other, 25],
  torn: [torn(other), 24],
  two: [Buffer.concat([other, other]), 50],
} as const;

for (const [first, original] of Object.entries(FIRSTS)) {
  for (const [second, [bytes, count]] of Object.entries(SECONDS)) {
    test(`a ${first} recording with another (${second}) behind it keeps the frames of that`, {
      timeout,
    }, async () => {
      for (const hasLedger of [true, false]) {
        const path = await copyOf(original);
        const whole = Buffer.concat([original.bytes, bytes]);
        await writeFile(path, whole);
        if (!hasLedger) await rm(ledgerPathOf(path));
        const told = new RegExp(
          `${count} whole frames follow its end, in another recording that was joined to it at byte ${original.bytes.length}\\b`,
        );
        const { ok, sentence } = await verifyRecording(path);
        assert.equal(ok, false);
        assert.match(sentence, told);
        await assert.rejects(repairRecording(path), { code: "BAD_RECORDING", message: told });
        assert.ok((await readFile(path)).equals(whole));
        const apart = await newPath("second.mkv");
        await writeFile(apart, whole.subarray(original.bytes.length));
        if (second !== "two") assert.equal((await repairRecording(apart)).frames, count);
      }
    });
  }
}

test("frames behind the end of a recording that have no head of their own are told, and kept", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const behind = closed.bytes.subarray(closed.frames[40]!.offset - 31);
  await writeFile(path, Buffer.concat([closed.bytes, Buffer.alloc(5000, 7), behind]));
  const told = /20 whole frames follow its end, from byte \d+ on/;
  assert.match((await verifyRecording(path)).sentence, told);
  await assert.rejects(repairRecording(path), { code: "BAD_RECORDING", message: told });
});

test("a block whose head looks like the index of a file does not end the recording", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  await damage(path, closed.frames[20]!.offset - 9, { bytes: Buffer.from("1c53bb6b84", "hex") });
  const { frames, repaired } = await repairRecording(path);
  assert.deepEqual([frames, repaired], [60, true]);
  assert.ok((await verifyRecording(path)).ok);
});
