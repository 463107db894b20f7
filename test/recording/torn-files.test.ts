// What a power cut can leave, byte for byte. test/system/power-cuts.test.ts finds such files by chance.
import assert from "node:assert/strict";
import { copyFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import type { LedgerFrame } from "../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import {
  BLOCK_HEAD_BYTES,
  CLUSTER_SIZE_AT,
  SEGMENT_AT,
} from "../../src/recording/matroska/matroska.ts";
import { type Cluster, headOf, scan } from "../../src/recording/matroska/scan.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "./accounts.ts";
import { collect, frame, frames, indicesOf, newPath } from "./recordings.ts";

const timeout = TEST_MS;

/** A recording as it was before its recorder came to close it: of 60 frames over 3 s, when nothing else is said. */
async function crashed(
  all = frames(60, 50, 5000),
): Promise<{ path: string; closed: string; listed: readonly LedgerFrame[] }> {
  const [path, open] = [await newPath(), await newPath("open.mkv")];
  const writer = new RecordingWriter({ path: open });
  for (const one of all) writer.add(one);
  while (writer.stats.written < 60) await delay(5);
  await copyFile(open, path);
  await copyFile(ledgerPathOf(open), ledgerPathOf(path));
  await writer.close();
  return { path, closed: open, listed: [...(await readLedger(ledgerPathOf(path)))!.frames] };
}

/** Frames whose times nobody can guess. */
function irregular() {
  return Array.from({ length: 60 }, (_, n) => frame(n, n * 50 + ((n * 7919) % 43), 5000));
}

/** Takes lines of frames out of a ledger. */
async function forget(path: string, indices: readonly number[]): Promise<void> {
  const lines = (await readFile(ledgerPathOf(path), "utf8")).split("\n");
  const kept = lines.filter(
    (line) => !line.startsWith("[") || !indices.includes(JSON.parse(line)[1]),
  );
  await writeFile(ledgerPathOf(path), kept.join("\n"));
}

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, at).finally(() => file.close());
}

async function headsOf(path: string) {
  const file = await open(path);
  return headOf(file).finally(() => file.close());
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

for (const [what, zerosFrom, zerosTo, forgotten] of [
  ["a cluster began", 19, 22, [22, 23, 24]],
  ["the head of the next block stood, too", 24, 25, [26, 27]],
] as const) {
  test(`frames that no line lists have their own times where bytes are lost in which ${what}`, {
    timeout,
  }, async () => {
    const { path, listed } = await crashed(irregular());
    const isHeadLost = zerosTo === 25;
    const from = listed[zerosFrom]!.offset - BLOCK_HEAD_BYTES;
    const to = listed[zerosTo]!.offset - (isHeadLost ? 0 : BLOCK_HEAD_BYTES);
    await overwrite(path, from, Buffer.alloc(to - from));
    await forget(path, forgotten);
    await repairRecording(path);
    const { kept } = await accountOf(path);
    const lost = listed.slice(zerosFrom, zerosTo).map(({ index }) => index);
    const expected = listed.filter(({ index }) => !lost.includes(index));
    assert.deepEqual(
      kept.map(({ index, capturedAt }) => [index, Math.round(capturedAt * 10)]),
      expected.map(({ index, capturedAt }) => [index, Math.round(capturedAt * 10)]),
    );
  });
}

test("a file whose close reached the disk in part is closed by a repair", { timeout }, async () => {
  const { path, closed } = await crashed();
  const [open, whole] = [await readFile(path), await readFile(closed)];
  const { clustersAt } = await headsOf(path);
  const info = whole.lastIndexOf(Buffer.of(0x15, 0x49, 0xa9, 0x66), clustersAt);
  const parts = [
    open.subarray(0, SEGMENT_AT),
    whole.subarray(SEGMENT_AT, info), // it tells of the index
    open.subarray(info, clustersAt),
    whole.subarray(clustersAt),
  ];
  await writeFile(path, Buffer.concat(parts));
  await repairRecording(path);
  assert.equal((await accountOf(path)).kept.length, 60);
  const { durationTicks } = await headsOf(path);
  assert.equal(durationTicks, (await headsOf(closed)).durationTicks);
});
