import assert from "node:assert/strict";
import { copyFile, open, readdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { logTo } from "../../src/base/log.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { draftOf, isAbandoned } from "../../src/recording/files/free-name.ts";
import { recordedElsewhere } from "../../src/recording/files/recording-files.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairFolder } from "../../src/recording/repair/repair-folder.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { frame, frames, record } from "./recordings.ts";

const timeout = TEST_MS;

/** The same recording without what closing added: to its ledger, to its file, or to both. */
async function torn(path: string, name: string, { ledger = true, file = true } = {}) {
  const copy = join(dirname(path), name);
  await copyFile(path, copy);
  await copyFile(ledgerPathOf(path), ledgerPathOf(copy));
  const { frames: lines } = (await readLedger(ledgerPathOf(path)))!;
  const last = lines.at(-1)!;
  if (file) {
    await truncate(copy, last.offset + last.size);
    const handle = await open(copy, "r+");
    const head = await readFile(path);
    // The seek head becomes the room that it was before: a Void element.
    const at = head.indexOf(Buffer.from([0x11, 0x4d, 0x9b, 0x74]));
    await handle.write(Buffer.from([0xec, 0x40, 97]), 0, 3, at);
    await handle.close();
  }
  if (ledger) {
    const text = await readFile(ledgerPathOf(path), "utf8");
    await writeFile(ledgerPathOf(copy), text.split("\n").slice(0, -2).join("\n").concat("\n"));
  }
  return copy;
}

test("what is not closed is repaired, whichever of file and ledger was closed; what is closed or written now is left", {
  timeout,
}, async () => {
  const { path } = await record(frames(30, 40));
  const crashed = [
    await torn(path, "both.mkv"),
    await torn(path, "file.mkv", { ledger: false }),
    await torn(path, "ledger.mkv", { file: false }),
  ];
  const writer = new RecordingWriter({ path: join(dirname(path), "now.mkv") });
  await writer.opened;
  writer.add(frame(0, 0));
  await writer.begun;
  await writeFile(join(dirname(path), "junk.mkv"), "no film");
  const before = await readFile(path);
  const [lines, repaired]: [string[], string[]] = [[], []];
  await repairFolder(dirname(path), {
    log: logTo((_, message) => lines.push(message)),
    onRepaired: (one) => repaired.push(one),
    quietMs: 0,
  });
  assert.deepEqual(repaired.toSorted(), crashed.toSorted());
  for (const one of crashed) {
    const { ok, sentence, frames: count } = await verifyRecording(one);
    assert.ok(ok, sentence);
    assert.equal(count, 30);
  }
  assert.ok((await readFile(path)).equals(before));
  assert.equal(lines.length, 4, lines.join("\n"));
  assert.match(
    lines.join("\n"),
    /junk\.mkv was not closed, and cannot be repaired: .*not a Matroska/,
  );
  writer.add(frame(1, 40));
  assert.equal((await writer.close()).written, 2);
  assert.ok((await verifyRecording(await writer.opened)).ok);
});

test("a file that still changes is waited for", { timeout }, async () => {
  const { path } = await record(frames(30, 40));
  const copy = await torn(path, "late.mkv");
  const changed = new Date();
  await utimes(copy, changed, changed); // as whoever goes on to write it would
  await repairFolder(dirname(path), { quietMs: 600 });
  const quietMs = Date.now() - changed.getTime();
  assert.ok(quietMs >= 600, `${quietMs} ms`);
  assert.ok((await verifyRecording(copy)).ok);
});

test("a recording that was killed before its first frame is told of once, and nothing of it is lost", {
  timeout,
}, async () => {
  const { path } = await record(frames(3, 40));
  const folder = dirname(path);
  const [bytes, ledger] = [await readFile(path), await readFile(ledgerPathOf(path), "utf8")];
  const { offset } = (await readLedger(ledgerPathOf(path)))!.frames.at(0)!;
  const [head, first] = ledger.split("\n");
  const begun = async (name: string, video: Buffer, lines: string) => {
    await writeFile(join(folder, `${name}.mkv`), video);
    await writeFile(join(folder, `${name}.ledger.jsonl`), lines);
  };
  await begun("empty", Buffer.alloc(0), "");
  await begun("torn-head", bytes.subarray(0, 20), "");
  await begun("no-video", Buffer.alloc(0), `${head}\n`);
  await begun("heads", bytes.subarray(0, offset - 31), `${head}\n`);
  await begun("torn", bytes.subarray(0, offset + 100), `${head}\n${first}\n`);
  await writeFile(join(folder, "mine.mkv"), ""); // of somebody else: it has no ledger
  const told = async () => {
    const lines: string[] = [];
    const log = logTo((_, message) => lines.push(message));
    await repairFolder(folder, { log, quietMs: 0, doubtfulMs: 0 });
    return lines;
  };
  const lines = await told();
  assert.equal(lines.length, 6, lines.join("\n"));
  assert.equal(lines.filter((line) => line.includes("were removed")).length, 4, lines.join("\n"));
  assert.match(lines.join("\n"), /torn\.mkv\.no-frame; its ledger lists 1 frame as lost/);
  const { summary, notes } = (await readLedger(join(folder, "torn.ledger.jsonl")))!;
  assert.deepEqual(
    [summary?.written, summary?.captured, summary?.ended],
    [0, 1, "it ended by crash"],
  );
  assert.ok("dropped" in notes[0]!.note);
  assert.deepEqual(
    await told(),
    lines.filter((line) => line.includes("mine.mkv")),
  );
  assert.deepEqual((await readdir(folder)).sort(), [
    "film.ledger.jsonl",
    "film.mkv",
    "mine.mkv",
    "torn.ledger.jsonl",
    "torn.mkv.no-frame",
  ]);
});

test("a file that may still get its first frame is left alone for long", { timeout }, async () => {
  const { path } = await record(frames(3, 40));
  const empty = join(dirname(path), "empty.mkv");
  for (const file of [empty, ledgerPathOf(empty)]) await writeFile(file, "");
  const ending = new AbortController();
  const repairing = repairFolder(dirname(path), { quietMs: 0, signal: ending.signal });
  await sleep(100);
  assert.ok((await readdir(dirname(path))).includes("empty.mkv"));
  ending.abort();
  await repairing;
});

test("what a container left behind is repaired once nobody has written it for long", {
  timeout,
}, async () => {
  const { path } = await record(frames(3, 40));
  const copy = await torn(path, "left.mkv");
  const ledger = await readFile(ledgerPathOf(copy), "utf8");
  const elsewhere = ledger.replace(
    /"process":"[^"]*"/,
    `"process":"${process.pid} 123@another 0a0a0a0a.4026530000"`,
  );
  await writeFile(ledgerPathOf(copy), elsewhere);
  assert.equal(recordedElsewhere(copy, (await describeRecording(copy)).head), process.pid);
  await repairFolder(dirname(path), { quietMs: 0, doubtfulMs: 1 });
  assert.equal(
    (await verifyRecording(copy)).ok,
    false,
    "it has just changed, so somebody may write it",
  );
  for (const file of [copy, ledgerPathOf(copy)]) await utimes(file, 1, Date.now() / 1000 - 60);
  await repairFolder(dirname(path), { quietMs: 0, doubtfulMs: 1 });
  const { ok, sentence } = await verifyRecording(copy);
  assert.ok(ok, sentence);
});

test("a draft of another place is kept for an hour; names of drafts are short enough for every disk", () => {
  const foreign = ".film.mp4.7-123-0a0a0a0a.0123abcd.part";
  assert.equal(isAbandoned(foreign, 60_000), false);
  assert.equal(isAbandoned(foreign, 2 * 3600_000), true);
  const draft = basename(draftOf(`/films/${"é".repeat(120)}.mp4`));
  assert.ok(Buffer.byteLength(draft) < 255, draft);
  assert.equal(isAbandoned(draft, 2 * 3600_000), false, "this process makes it");
});
