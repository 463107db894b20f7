// What a power cut can leave, byte for byte. test/system/power-cuts.test.ts finds such files by chance.
import assert from "node:assert/strict";
import { copyFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { ledgerPathOf } from "../../src/recording/film-names.ts";
import type { LedgerFrame } from "../../src/recording/ledger.ts";
import { BLOCK_HEAD_BYTES, CLUSTER_SIZE_AT } from "../../src/recording/matroska.ts";
import { openRecording } from "../../src/recording/open-recording.ts";
import { readLedger } from "../../src/recording/read-ledger.ts";
import { RecordingWriter } from "../../src/recording/recording-writer.ts";
import { repairRecording } from "../../src/recording/repair.ts";
import { type Cluster, headOf, scan } from "../../src/recording/scan.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { TEST_MS } from "../limits.ts";
import { collect, frames, indicesOf, newPath } from "./recordings.ts";

const timeout = TEST_MS;

/** A recording of 60 frames over 3 s as it was before its recorder came to close it. */
async function crashed(): Promise<{ path: string; listed: readonly LedgerFrame[] }> {
  const [path, open] = [await newPath(), await newPath("open.mkv")];
  const writer = new RecordingWriter({ path: open });
  for (const one of frames(60, 50, 5000)) writer.add(one);
  while (writer.stats.written < 60) await delay(5);
  await copyFile(open, path);
  await copyFile(ledgerPathOf(open), ledgerPathOf(path));
  await writer.close();
  return { path, listed: [...(await readLedger(ledgerPathOf(path)))!.frames] };
}

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, at).finally(() => file.close());
}

async function clustersOf(path: string): Promise<Cluster[]> {
  const file = await open(path);
  try {
    const parts = await collect(scan(file, (await headOf(file)).clustersAt));
    return parts.filter((part) => part.kind === "cluster");
  } finally {
    await file.close();
  }
}

test("a cluster whose size is torn gets its size back", { timeout }, async () => {
  const { path } = await crashed();
  const before = await clustersOf(path);
  assert.equal(before.length, 3);
  const torn = Buffer.from([0x01, 0, 0, 0, 0, 0xff, 0xff, 0xff]);
  await overwrite(path, before[1]!.at + CLUSTER_SIZE_AT, torn);
  await repairRecording(path);
  assert.equal((await clustersOf(path))[1]!.size, before[1]!.size);
  assert.ok((await verifyRecording(path)).ok);
});

test("a block whose head is torn is read again once it is repaired, and those behind it before", {
  timeout,
}, async () => {
  for (const length of [0, 3]) {
    const { path, listed } = await crashed();
    const size = Buffer.alloc(4);
    size.writeUInt32BE(0x10000000 | length);
    await overwrite(path, listed[40]!.offset - BLOCK_HEAD_BYTES + 1, size);
    await using film = await openRecording(path);
    assert.equal((await collect(film.frames())).length, 59);
    assert.equal((await repairRecording(path)).frames, 60);
    assert.match((await verifyRecording(path)).sentence, /none was lost/);
  }
});

test("without a ledger, a frame that has a hole does not count", { timeout }, async () => {
  const { path, listed } = await crashed();
  await rm(ledgerPathOf(path));
  const { offset } = listed[30]!;
  await overwrite(path, (Math.floor(offset / 512) + 2) * 512, Buffer.alloc(512));
  assert.equal((await repairRecording(path)).frames, 59);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

test("a repair that ended once its ledger was written goes on where it was", {
  timeout,
}, async () => {
  const { path, listed } = await crashed();
  const cut = await readFile(path);
  const end = listed[49]!.offset + listed[49]!.size;
  await writeFile(path, cut.subarray(0, end));
  await rm(ledgerPathOf(path));
  await repairRecording(path);
  const ledger = await readFile(ledgerPathOf(path));
  await writeFile(path, cut.subarray(0, end));
  await repairRecording(path);
  assert.deepEqual(await readFile(ledgerPathOf(path)), ledger);
  await using film = await openRecording(path);
  assert.equal(indicesOf(await collect(film.frames())).length, 50);
});
