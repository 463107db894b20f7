import assert from "node:assert/strict";
import { copyFile, open, readFile, truncate } from "node:fs/promises";
import { test } from "node:test";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { headOf } from "../../src/recording/matroska/scan.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn } from "../streams/pictures.ts";
import { collect, frame, frames, indicesOf, newPath, record, START } from "./recordings.ts";

const timeout = TEST_MS;
/** How far apart the bytes are at which a file is cut. */
const STEP = process.env.THINGSCOPE_LONG ? 1 : 17;

/** Irregular times: jitter in microseconds, a burst of 3 ms, a pause of 2 s, one of 40 s. */
function irregular(n: number): number {
  const pause = (n >= 40 ? 2000 : 0) + (n >= 70 ? 40_000 : 0);
  const isBurst = n >= 20 && n < 30;
  return pause + (isBurst ? 800 + (n - 20) * 3 : n * 40 + ((n * 7919) % 17_000) / 1000);
}

test("frames come back byte for byte, with their identity and times", { timeout }, async () => {
  const all = Array.from({ length: 100 }, (_, n) => frame(n, irregular(n), 2000 + n));
  const { path, summary } = await record(all);
  await using film = await openRecording(path);
  const found = await collect(film.frames());
  assert.deepEqual(
    found.map(({ run, index, capturedAt, jpeg }) => ({ run, index, capturedAt, jpeg: [...jpeg] })),
    all.map(({ run, index, capturedAt, jpeg }) => ({ run, index, capturedAt, jpeg: [...jpeg] })),
  );
  assert.equal(summary.written, 100);
  assert.equal(film.info.timeZero, all[0]!.capturedAt);
});

test("without its ledger a file still tells times, to 0.05 ms", { timeout }, async () => {
  const all = Array.from({ length: 100 }, (_, n) => frame(n, irregular(n)));
  const { path } = await record(all, { timeZero: START - 12_345.6789 });
  const alone = await newPath();
  await copyFile(path, alone);
  await using film = await openRecording(alone);
  const found = await collect(film.frames());
  assert.equal(found.length, 100);
  for (const [n, { capturedAt, index, jpeg }] of found.entries()) {
    assert.ok(Math.abs(capturedAt - all[n]!.capturedAt) <= 0.0511, `${n}: ${capturedAt}`);
    assert.equal(index, undefined);
    assert.equal(numberIn(jpeg), n);
  }
});

test("the file says what it is: camera, run, reason, settings, software", { timeout }, async () => {
  const settings = { exposure: 20 };
  const about = { camera: "nest box", reason: "a trigger", settings };
  const { path } = await record(frames(3, 40), about);
  await using film = await openRecording(path);
  const { tags, software, width, height } = film.info;
  assert.deepEqual(tags, {
    CAMERA: "nest box",
    RUN: "k3x9q2",
    REASON: "a trigger",
    SETTINGS: '{"exposure":20}',
  });
  assert.match(software, /^thingscope \d/);
  assert.deepEqual([width, height], [16, 16]);
});

test("a time is found without reading the frames before it", { timeout }, async () => {
  const all = frames(3000, 40);
  const { path } = await record(all);
  await using film = await openRecording(path);
  for (const n of [0, 1, 24, 25, 26, 1234, 2999]) {
    const at = all[n]!.capturedAt;
    assert.equal((await film.frameAt(at))?.index, n);
    assert.equal((await film.frameAt(at + 39))?.index, n);
  }
  assert.equal(await film.frameAt(START - 1), undefined);
  const some = await collect(film.frames({ from: START + 1000, to: START + 1200 }));
  assert.deepEqual(indicesOf(some), [25, 26, 27, 28, 29]);
});

test("a file that is cut anywhere has every whole frame, and can be repaired", {
  timeout,
}, async () => {
  const { path } = await record([frame(0, 0), frame(1, 40), frame(2, 1500), frame(3, 1540)]);
  const whole = await readFile(path);
  const ends = (await readLedgerEnds(path)).map(({ offset, size }) => offset + size);
  const head = await headBytes(path);
  for (let length = whole.length - 1; length >= head; length -= STEP) {
    const cut = await newPath();
    await copyFile(path, cut);
    await copyFile(ledgerPathOf(path), ledgerPathOf(cut));
    await truncate(cut, length);
    await unsummed(cut);
    const count = ends.filter((end) => end <= length).length;
    await using film = await openRecording(cut);
    assert.equal((await collect(film.frames())).length, count, `cut to ${length} bytes`);
    assert.equal((await verifyRecording(cut)).ok, false);
    if (count === 0) {
      await assert.rejects(repairRecording(cut), { code: "BAD_RECORDING" });
      continue;
    }
    const { frames: kept } = await repairRecording(cut);
    assert.equal(kept, count, `repaired from ${length} bytes`);
    const { ok, sentence } = await verifyRecording(cut);
    assert.ok(ok, sentence);
  }
  for (let length = head - 1; length >= 0; length -= STEP) {
    await truncate(path, length);
    await assert.rejects(openRecording(path), { code: "BAD_RECORDING" });
    assert.match((await verifyRecording(path)).sentence, /not a readable recording/);
  }
});

async function readLedgerEnds(path: string) {
  return [...(await readLedger(ledgerPathOf(path)))!.frames];
}

async function headBytes(path: string): Promise<number> {
  const file = await open(path);
  return (await headOf(file).finally(() => file.close())).clustersAt;
}

/** Takes the last line off a ledger, as if the recorder had not come to write it. */
async function unsummed(path: string): Promise<void> {
  const text = await readFile(ledgerPathOf(path), "utf8");
  await truncate(ledgerPathOf(path), Buffer.byteLength(text.slice(0, text.indexOf('{"summary"'))));
}
