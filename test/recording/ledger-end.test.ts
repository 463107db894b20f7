// A ledger that says closed is closed, whatever stands behind that.
import assert from "node:assert/strict";
import { appendFile, readFile, truncate, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { describeRecording, isClosed } from "../../src/recording/files/describe.ts";
import { noteInLedger } from "../../src/recording/ledger/note-in-ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { copyOf, originals } from "./damage.ts";

const timeout = TEST_MS;
const { closed } = await originals();
const made = { exported: { file: "film.mp4", frames: 60 } };

/** A copy with this behind its ledger. */
async function withBehind(what: string | Buffer): Promise<string> {
  const path = await copyOf(closed);
  await appendFile(ledgerPathOf(path), what);
  return path;
}

async function assertClosed(path: string): Promise<void> {
  assert.equal((await describeRecording(path)).summary?.ended, "stopped");
  assert.equal((await readLedger(ledgerPathOf(path)))!.summary?.ended, "stopped");
  assert.ok(await isClosed(path));
}

const JUNK = {
  "one line of 20 MB": Buffer.alloc(20e6, "x"),
  "one line of 20 MB with its end": `${"y".repeat(20e6)}\n`,
  "many lines": "no line\n".repeat(50_000),
  "a short line": "junk\n",
  "100 kB of zeros": Buffer.alloc(100_000),
};

for (const [name, junk] of Object.entries(JUNK)) {
  test(`behind the summary of a ledger, ${name} that is none is told by verify, and listed by repair`, {
    timeout,
  }, async () => {
    const path = await withBehind(junk);
    await assertClosed(path);
    const { ok, sentence } = await verifyRecording(path);
    assert.equal(ok, false);
    assert.match(sentence, new RegExp(`${junk.length} bytes after the summary of its ledger`));
    await noteInLedger(path, made);
    const { sentence: told, repaired } = await repairRecording(path);
    assert.ok(repaired, told);
    const { summary, notes, frames } = (await readLedger(ledgerPathOf(path)))!;
    assert.deepEqual([summary!.ended, summary!.dropped, frames.length], ["stopped", {}, 60]);
    assert.ok(notes.some(({ note }) => "damagedLines" in note));
    assert.ok(notes.some(({ note }) => "exported" in note));
    assert.ok((await verifyRecording(path)).ok);
    assert.equal((await repairRecording(path)).repaired, false);
  });
}

test("a closed ledger whose last line has no end is closed, and takes notes", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  await truncate(ledgerPathOf(path), closed.ledger.length - 1);
  await assertClosed(path);
  assert.ok((await verifyRecording(path)).ok);
  assert.equal((await repairRecording(path)).repaired, false);
  await noteInLedger(path, made);
  await assertClosed(path);
  assert.equal(
    await readFile(ledgerPathOf(path), "utf8"),
    `${closed.ledger}${JSON.stringify(made)}\n`,
  );
});

test("a note that a power cut has torn is told, and replaced by the next one", {
  timeout,
}, async () => {
  for (const torn of ['{"exporting":{"format"', '{"exp', Buffer.alloc(40)]) {
    const path = await withBehind(torn);
    await assertClosed(path);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok && /torn line follows/.test(sentence), sentence);
    await noteInLedger(path, made);
    assert.equal(
      await readFile(ledgerPathOf(path), "utf8"),
      `${closed.ledger}${JSON.stringify(made)}\n`,
    );
  }
});

test("a ledger without a summary stays one, whatever its end is like", { timeout }, async () => {
  const path = await copyOf(closed);
  const lines = closed.ledger.trimEnd().split("\n").slice(0, -1);
  await writeFile(ledgerPathOf(path), lines.join("\n"));
  assert.equal((await describeRecording(path)).summary, undefined);
  const { frames } = (await readLedger(ledgerPathOf(path)))!;
  assert.equal(frames.length, 60, "its last line is whole");
  assert.match((await verifyRecording(path)).sentence, /not closed/);
});
