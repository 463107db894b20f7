import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { wallClock } from "../../src/base/wall-clock.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { collect, frame, frames, indicesOf, newPath, record } from "./recordings.ts";

const timeout = TEST_MS;

async function ledgerLines(path: string): Promise<string[]> {
  return (await readFile(ledgerPathOf(path), "utf8")).trimEnd().split("\n");
}

test("the ledger has a line a frame, and a summary that adds up", { timeout }, async () => {
  const { path, summary } = await record(frames(300, 40));
  const lines = await ledgerLines(path);
  assert.equal(lines.length, 302);
  assert.deepEqual(JSON.parse(lines.at(-1)!), { summary });
  const { ended, captured, written, dropped, newRuns } = summary;
  assert.deepEqual([ended, captured, written, dropped, newRuns], ["stopped", 300, 300, {}, 0]);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok);
  assert.match(
    sentence,
    /film.mkv: OK: 300 frames over 12.0 s, stopped; none was lost\. 25 frames/,
  );
});

test("what the disk is too slow for is dropped, counted, told, and listed", {
  timeout,
}, async () => {
  const told: string[] = [];
  const log = logTo((level, message) => told.push(`${level} ${message}`));
  const all = frames(100, 40, 10_000);
  const writer = new RecordingWriter({ path: await newPath(), maxQueuedBytes: 200_000, log });
  const path = await writer.opened;
  const taken = all.filter((one) => writer.add(one));
  assert.equal(taken.length, 20);
  const summary = await writer.close();
  assert.deepEqual(summary.dropped, { "the disk was too slow": 80 });
  assert.equal(summary.captured, 100);
  assert.match(told.join("\n"), /^warn .*film.mkv has lost 80 more frames, 80 in total/m);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok);
  assert.match(
    sentence,
    /80 lost, according to its ledger: k3x9q2 frames 20 to 99 because the disk was too slow/,
  );
});

test("frames that never came, and new runs, are in the ledger", { timeout }, async () => {
  const all = [0, 1, 5, 6].map((index) => frame(index, index * 40));
  const next = [0, 1].map((index) => frame(index, 1000 + index * 40, undefined, "zzzzzz"));
  const { path, summary } = await record([...all, ...next]);
  const notes = (await ledgerLines(path)).filter((line) => line.startsWith("{")).slice(1, -1);
  assert.deepEqual(
    notes.map((line) => JSON.parse(line)),
    [
      { dropped: { run: "k3x9q2", from: 2, to: 4, why: "it never arrived" } },
      { run: { run: "zzzzzz", previousRun: "k3x9q2" } },
    ],
  );
  assert.deepEqual([summary.captured, summary.written, summary.newRuns], [9, 6, 1]);
  assert.ok((await verifyRecording(path)).ok);
});

test("a run whose clock is behind goes on in the file where the other ended", {
  timeout,
}, async () => {
  const late = frame(0, 5000);
  const early = frame(0, 0, undefined, "zzzzzz");
  const { path } = await record([late, early, frame(1, 6000, undefined, "zzzzzz")]);
  await using film = await openRecording(path);
  const found = await collect(film.frames());
  assert.deepEqual(indicesOf(found), [0, 0, 1]);
  assert.ok((await verifyRecording(path)).ok);
});

test("a step of the wall clock is noted, and moves no frame", { timeout }, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  await writer.opened;
  writer.add(frame(0, 0));
  await writer.begun;
  const restore = wallClock.readFrom(() => Date.now() - 3_600_000);
  const { clockSteps } = await writer.close().finally(restore);
  assert.equal(clockSteps.length, 1);
  assert.ok(Math.abs(clockSteps[0]! + 3_600_000) < 200, `${clockSteps}`);
});

test("a name that is taken gets a number; nothing is overwritten", { timeout }, async () => {
  const path = await newPath();
  await writeFile(path, "mine");
  await writeFile(ledgerPathOf(path.replace(".mkv", "-2.mkv")), "mine, too");
  const { path: made } = await record(frames(2, 40), { path });
  assert.equal(made, path.replace(".mkv", "-3.mkv"));
  assert.equal(await readFile(path, "utf8"), "mine");
  assert.deepEqual((await readdir(dirname(path))).sort(), [
    "film-2.ledger.jsonl",
    "film-3.ledger.jsonl",
    "film-3.mkv",
    "film.mkv",
  ]);
});

test("a recording without a frame leaves no file", { timeout }, async () => {
  const { path, summary } = await record([]);
  assert.deepEqual(await readdir(dirname(path)), []);
  assert.equal(summary.written, 0);
});

test("a recording that cannot be made says why, and takes no frames", { timeout }, async () => {
  const blocked = await newPath();
  await writeFile(blocked, "");
  const writer = new RecordingWriter({ path: `${blocked}/film.mkv` });
  await assert.rejects(writer.opened, {
    code: "RECORDING_FAILED",
    message: /film.mkv\/film.mkv cannot be created: .* is a file, not a folder/,
  });
  await assert.rejects(writer.ended, { code: "RECORDING_FAILED" });
  assert.equal(writer.add(frame(0, 0)), false);
  const named = new RecordingWriter({ path: await newPath("film.avi") });
  await assert.rejects(named.opened, { code: "BAD_ARGUMENT" });
});
