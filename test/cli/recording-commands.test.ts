import assert from "node:assert/strict";
import { copyFile, open, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { TEST_MS } from "../limits.ts";
import { frames, newPath, record, START } from "../recording/recordings.ts";
import { runCli } from "./run-cli.ts";

const timeout = TEST_MS;

/** Cuts a ledger off behind the line of its frame `n`. */
async function cutAfterFrame(ledger: string, n: number): Promise<void> {
  const lines = (await readFile(ledger, "utf8")).split("\n");
  await writeFile(ledger, `${lines.slice(0, n + 2).join("\n")}\n`);
}

test("verify tells what is missing and ends with 1; repair closes the file", {
  timeout,
}, async () => {
  const { path } = await record(frames(50, 40));
  const folder = dirname(path);
  const whole = await runCli(folder, "verify", "film.mkv");
  assert.deepEqual(whole, {
    code: 0,
    stdout:
      "film.mkv: OK: 50 frames over 2.0 s, stopped; none was lost. " +
      "25 frames/s, jitter 0.0 ms, longest gap 0.040 s after 0.0 s.\n",
    stderr: "",
  });

  const { frames: listed } = (await readLedger(ledgerPathOf(path)))!;
  await truncate(path, listed.at(40)!.offset + 100);
  await cutAfterFrame(ledgerPathOf(path), 45);
  const torn = await runCli(folder, "verify", "film.mkv");
  assert.equal(torn.code, 1);
  assert.equal(
    torn.stdout,
    "film.mkv: disagrees with its ledger: it was not closed, 6 frames (k3x9q2 frames 40 to 45) " +
      "missing. To close it, run: thingscope repair film.mkv\n",
  );
  const repaired = await runCli(folder, "repair", "film.mkv");
  assert.deepEqual(repaired, {
    code: 0,
    stdout: "film.mkv: repaired, with 40 frames; 6 listed frames were lost.\n",
    stderr: "",
  });
  const after = await runCli(folder, "verify", "film.mkv");
  assert.equal(
    after.stdout,
    "film.mkv: OK: 40 frames over 1.6 s, it ended by crash; " +
      "6 lost, according to its ledger: k3x9q2 frames 40 to 45 because it ended by crash. " +
      "25 frames/s, jitter 0.0 ms, longest gap 0.040 s after 0.0 s.\n",
  );
  assert.equal(after.code, 0);
});

test("verify --json has a line a file, with rate, jitter, longest gap and what was never made", {
  timeout,
}, async () => {
  const all = frames(150, 40).filter((_, n) => n % 50 !== 20);
  const { path } = await record(
    all.map((one, index) => ({ ...one, index })),
    { expectedFps: 25 },
  );
  const { code, stdout } = await runCli(dirname(path), "verify", "--json", "film.mkv");
  assert.equal(code, 0);
  const { sentence, longest_gap_at, rate, ...told } = JSON.parse(stdout);
  assert.match(sentence, /but 3 of 150 exposures were never made\. 24\.5 frames/);
  assert.equal(Date.parse(longest_gap_at), START + 19 * 40);
  assert.ok(Math.abs(rate - 24.497) < 0.001);
  assert.deepEqual(told, {
    ...{ file: "film.mkv", ok: true, frames: 147, missing: 0, damaged: 0, unlisted: 0 },
    ...{ expected_rate: 25, jitter: 0.04, longest_gap: 0.08, exposures: 150, never_made: 3 },
    clock_steps: [],
  });
});

test("repair mends what can be mended, whatever stands before it on the command line", {
  timeout,
}, async () => {
  const { path } = await record(frames(50, 40));
  const folder = dirname(path);
  const { frames: listed } = (await readLedger(ledgerPathOf(path)))!;
  await truncate(path, listed.at(40)!.offset + 100);
  await cutAfterFrame(ledgerPathOf(path), 45);
  const { code, stdout, stderr } = await runCli(folder, "repair", "nowhere.mkv", "film.mkv");
  assert.notEqual(code, 0);
  assert.match(stdout, /^film\.mkv: repaired, with 40 frames/);
  assert.match(stderr, /nowhere\.mkv/);
});

test("export takes no name that recordings, ledgers or other formats have", {
  timeout,
}, async () => {
  const { path } = await record(frames(5, 40));
  const folder = dirname(path);
  const ledger = ledgerPathOf(path);
  const before = [await readFile(path), await readFile(ledger)];
  for (const [format, output] of [
    ...[
      ["csv", "film.mkv"],
      ["csv", "film.ledger.jsonl"],
      ["json", "FILM.MP4"],
    ],
    ...[
      ["mp4", "other.mkv"],
      ["webm", "film.mp4"],
      ["mp4", "film.ledger.jsonl"],
    ],
  ] as const) {
    const words = ["export", "film.mkv", "--format", format!, "-o", output!, "--replace"];
    const { code, stdout, stderr } = await runCli(folder, ...words);
    assert.deepEqual([code, stdout], [2, ""], `${format} ${output}`);
    assert.match(stderr, /was not written|cannot be the name of the export/);
  }
  assert.deepEqual([await readFile(path), await readFile(ledger)], before);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => /^film|^other|^FILM/.test(name)).sort(),
    ["film.ledger.jsonl", "film.mkv"],
  );
});

test("a changed byte, a missing ledger and a missing file are told", { timeout }, async () => {
  const { path } = await record(frames(5, 40));
  const folder = dirname(path);
  const alone = await newPath();
  await copyFile(path, alone);
  const unproved = await runCli(dirname(alone), "verify", "film.mkv");
  assert.equal(unproved.code, 1);
  assert.match(unproved.stdout, /has 5 frames but no ledger to compare them with/);
  const { offset } = (await readLedger(ledgerPathOf(path)))!.frames.at(3)!;
  const file = await open(path, "r+");
  await file.write(Buffer.of(0x55), 0, 1, offset + 20).finally(() => file.close());
  const changed = await runCli(folder, "verify", "film.mkv");
  assert.equal(changed.code, 1);
  assert.match(
    changed.stdout,
    /film.mkv: disagrees with its ledger: 1 frame \(k3x9q2 frame 3\) damaged\. To keep what is whole, .*: thingscope repair film.mkv\n$/,
  );
  const none = await runCli(folder, "verify", "no.mkv");
  assert.deepEqual([none.code, none.stdout], [2, ""]);
  assert.match(none.stderr, /^no.mkv cannot be read: there is no such file or folder/);
});
