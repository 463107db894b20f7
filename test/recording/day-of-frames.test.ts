// A day at 30 Hz has 2.6 million frames, and its ledger 170 MB. Nobody who reads it may hold up viewers meanwhile.
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { test } from "node:test";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { ledgerAsCsv, ledgerAsJson } from "../../src/recording/ledger/ledger-tables.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { damage } from "./damage.ts";
import { turnsOf, writeLongRecording } from "./long-recording.ts";
import { newPath } from "./recordings.ts";

const FRAMES = process.env.THINGSCOPE_LONG ? 2_600_000 : 40_000;
const timeout = FRAMES > 40_000 ? 20 * TEST_MS : TEST_MS;
/** Of the processor's time that the reading takes, in one turn of the loop. */
const MOST_IN_ONE_TURN = 0.5;
/** Or of a turn in which hardly anything is done, ms. */
const LITTLE_MS = 60;

const path = await newPath();
await writeLongRecording(path, FRAMES);

/** That this does its work in small pieces, by the processor's time that it takes itself. */
function inPieces(name: string, work: () => Promise<unknown>): void {
  test(`${name} of ${FRAMES} frames leaves the event loop to others meanwhile`, {
    timeout,
  }, async () => {
    const { longest, total } = await turnsOf(work);
    const most = Math.max(LITTLE_MS, MOST_IN_ONE_TURN * total);
    assert.ok(longest <= most, `one turn took ${longest} of ${total} ms`);
  });
}

inPieces("reading a ledger", async () => {
  assert.equal((await readLedger(ledgerPathOf(path)))?.frames.length, FRAMES);
});

inPieces("describing a recording", async () => {
  assert.equal((await describeRecording(path)).summary?.written, FRAMES);
});

inPieces("opening a recording", async () => {
  await using film = await openRecording(path);
  assert.equal((await film.frames().next()).value?.index, 0);
});

inPieces("verifying a recording", async () => {
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

inPieces("repairing a recording", async () => {
  const copy = await newPath();
  await copyFile(path, copy);
  await copyFile(ledgerPathOf(path), ledgerPathOf(copy));
  await damage(copy, 500_000, { flip: 20 });
  const { frames } = await repairRecording(copy);
  assert.ok(frames > FRAMES - 3, `${frames}`);
});

inPieces("a CSV", async () => {
  assert.equal(await linesIn(ledgerAsCsv(path), "\r\n"), FRAMES + 1);
});

inPieces("a JSON", async () => {
  assert.equal(await linesIn(ledgerAsJson(path), '{"run"'), FRAMES);
});

async function linesIn(parts: AsyncIterable<Uint8Array>, mark: string): Promise<number> {
  let count = 0;
  for await (const part of parts) count += Buffer.from(part).toString().split(mark).length - 1;
  return count;
}
