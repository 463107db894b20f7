// A disk that loses bytes in the middle of a recording costs the frames that stood there, and no others.
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { BLOCK_HEAD_BYTES, CLUSTER_HEAD_BYTES } from "../../src/recording/matroska/matroska.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "./accounts.ts";
import { copyOf, cut, damage, type Original, originals } from "./damage.ts";
import { collect } from "./recordings.ts";

const timeout = TEST_MS;
const HEADS = BLOCK_HEAD_BYTES + CLUSTER_HEAD_BYTES;

const { closed, crashed } = await originals();

interface Case {
  readonly what: string;
  readonly damage: (path: string, original: Original) => Promise<void>;
  /** Indices that may be gone; all others are there, with their identity, time and bytes. */
  readonly lost: readonly number[];
  /** Frames whose lines are gone and who nobody can tell. */
  readonly unknown?: readonly number[];
  readonly only?: "crashed";
}

const offsetOf = ({ frames }: Original, n: number) => frames[n]!.offset;
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Damages lines of a ledger. */
async function inLedger(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(ledgerPathOf(path), "utf8")).trimEnd().split("\n");
  await writeFile(ledgerPathOf(path), `${change(lines).join("\n")}\n`);
}

/** Changes member `member` of the line of frame `n`. */
function inLine(n: number, member: number, change: (value: number) => number) {
  return (path: string) =>
    inLedger(path, (lines) =>
      lines.map((line, place) => {
        if (place !== n + 1) return line;
        const value = JSON.parse(line);
        value[member] = change(value[member]);
        return JSON.stringify(value);
      }),
    );
}

const CASES: readonly Case[] = [
  {
    what: "bytes of a JPEG",
    lost: [12],
    damage: (path, one) => damage(path, offsetOf(one, 12) + 700, { flip: 3 }),
  },
  {
    what: "bytes of the first JPEG",
    lost: [0],
    damage: (path, one) => damage(path, offsetOf(one, 0) + 700, { flip: 3 }),
  },
  {
    what: "the head of a block",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 12) - 7, { flip: 4 }),
  },
  {
    what: "the size of a block",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 12) - 5, { bytes: Buffer.of(0xff) }),
  },
  {
    what: "the time of a block",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 12) - 3, { flip: 2 }),
  },
  {
    what: "the head of a cluster",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 20) - HEADS, { flip: 6 }),
  },
  {
    what: "the time of a cluster",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 20) - HEADS + 16, { flip: 6 }),
  },
  {
    what: "the head of the first cluster",
    lost: [],
    damage: (path, one) => damage(path, offsetOf(one, 0) - HEADS, { flip: 4 }),
  },
  { what: "the head of the file", lost: [], damage: (path) => damage(path, 0, { zeros: 200 }) },
  {
    what: "the time that all times count from",
    lost: [],
    damage: (path, { bytes }) =>
      damage(path, bytes.indexOf(Buffer.of(0x44, 0x61)) + 6, { flip: 1 }),
  },
  {
    what: "a hole over several blocks and a cluster",
    lost: range(17, 22),
    damage: (path, one) =>
      damage(path, offsetOf(one, 17) + 100, { zeros: offsetOf(one, 22) - offsetOf(one, 17) }),
  },
  {
    what: "a hole from a block's head on",
    lost: [30, 31],
    damage: (path, one) => damage(path, offsetOf(one, 30) - BLOCK_HEAD_BYTES, { zeros: 3100 }),
  },
  {
    what: "the middle, and the end is torn",
    lost: [12, ...range(50, 59)],
    damage: async (path, one) => {
      await damage(path, offsetOf(one, 12) + 700, { flip: 3 });
      await cut(path, offsetOf(one, 50) + 1000);
    },
  },
  {
    what: "lines of the ledger",
    lost: [],
    damage: (path) =>
      inLedger(path, (lines) =>
        lines.map((line, n) => (n > 20 && n < 25 ? "x".repeat(line.length) : line)),
      ),
  },
  {
    what: "a hole in the ledger",
    lost: [],
    damage: (path) => damage(ledgerPathOf(path), 1500, { zeros: 300 }),
  },
  { what: "a place in a line of the ledger", lost: [], damage: inLine(20, 3, (at) => at + 70_000) },
  { what: "a place that is too small", lost: [], damage: inLine(20, 3, (at) => at - 2000) },
  { what: "a size in a line of the ledger", lost: [], damage: inLine(20, 4, (size) => size + 900) },
  { what: "an index in a line of the ledger", lost: [], damage: inLine(20, 1, () => 2020) },
  { what: "a time in a line of the ledger", lost: [], damage: inLine(20, 2, (time) => time - 9e9) },
  { what: "a later time in a line", lost: [], damage: inLine(20, 2, (time) => time + 8000) },
  {
    what: "the last line of the ledger",
    lost: [],
    damage: async (path) =>
      writeFile(ledgerPathOf(path), (await readFile(ledgerPathOf(path), "utf8")).slice(0, -20)),
    unknown: [59],
  },
  {
    what: "both: lines of the ledger, and the frames beside them",
    lost: [24, 40],
    damage: async (path, one) => {
      await inLedger(path, (lines) =>
        lines
          .filter((_, n) => n !== 23)
          .map((line, n) => (n === 22 ? line.replace("[", "{") : line)),
      );
      await damage(path, offsetOf(one, 24) + 700, { flip: 3 });
      await damage(path, offsetOf(one, 40) - 5, { zeros: 900 });
    },
    unknown: [21, 22],
  },
];

for (const [state, original] of Object.entries({ closed, crashed })) {
  for (const one of CASES) {
    test(`a ${state} recording whose damage is ${one.what} keeps every frame that is whole, at its time`, {
      timeout,
    }, async () => {
      const path = await copyOf(original);
      await one.damage(path, original);
      assert.equal((await verifyRecording(path)).ok, false);
      await repairRecording(path);
      await assertKept(path, original, one);
      const { repaired, sentence } = await repairRecording(path);
      assert.equal(repaired, false, sentence);
    });
  }
}

async function assertKept(
  path: string,
  original: Original,
  { lost, unknown = [] }: Case,
): Promise<void> {
  const account = await accountOf(path);
  const kept = new Map(account.kept.map((frame) => [frame.crc, frame]));
  for (const [n, { run, index, capturedAt, crc }] of original.frames.entries()) {
    const found = kept.get(crc);
    if (lost.includes(n)) {
      assert.equal(found, undefined, `frame ${n}`);
      assert.ok(isListed(account.lost, index), `frame ${n} is not listed as lost`);
      continue;
    }
    if (!found && unknown.includes(n)) continue;
    assert.ok(found, `frame ${n} is gone`);
    assert.ok(
      Math.abs(found.capturedAt - capturedAt) <= 0.051,
      `frame ${n} is at ${found.capturedAt}`,
    );
    if (!unknown.includes(n)) assert.deepEqual([found.run, found.index], [run, index]);
  }
  const names = await readdir(dirname(path));
  assert.deepEqual(names.sort(), ["film.ledger.jsonl", "film.mkv"]);
}

function isListed(lost: readonly { from: number; to: number }[], index: number): boolean {
  return lost.some(({ from, to }) => from <= index && index <= to);
}

test("what is damaged stays in the file, and its ledger says where and why", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const { offset, size } = closed.frames[12]!;
  await damage(path, offset + 700, { flip: 3 });
  const before = (await readFile(path)).subarray(offset, offset + size);
  await repairRecording(path);
  const { notes } = (await readLedger(ledgerPathOf(path)))!;
  const [told] = notes.flatMap(({ note }) => ("damaged" in note ? [note.damaged] : []));
  assert.deepEqual(told, {
    run: "k3x9q2",
    from: 12,
    to: 12,
    at: offset - BLOCK_HEAD_BYTES,
    bytes: BLOCK_HEAD_BYTES + size,
    why: "it is damaged: its bytes have changed",
  });
  assert.ok((await readFile(path)).subarray(offset, offset + size).equals(before));
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.match(
    sentence,
    /59 frames .*; 1 lost, according to its ledger: k3x9q2 frame 12 because it is damaged/,
  );
});

test("behind damage a recording is read on before it is repaired", { timeout }, async () => {
  const path = await copyOf(closed);
  await damage(path, offsetOf(closed, 17) - BLOCK_HEAD_BYTES, { zeros: 9000 });
  await using film = await openRecording(path);
  const found = await collect(film.frames());
  assert.ok(found.length >= 56, `${found.length}`);
  assert.equal(found.at(-1)?.index, 59);
});

test("without a ledger a recording keeps every whole picture, and gets a ledger", {
  timeout,
}, async () => {
  for (const original of [closed, crashed]) {
    const path = await copyOf(original);
    await rm(ledgerPathOf(path));
    await damage(path, offsetOf(original, 12) + 700, { zeros: 1000 });
    await damage(path, offsetOf(original, 40) - HEADS, { flip: 6 });
    await repairRecording(path);
    const { kept } = await accountOf(path);
    const times = new Map(kept.map(({ crc, capturedAt }) => [crc, capturedAt]));
    const errors = original.frames
      .filter((_, n) => n !== 12)
      .map(({ crc, capturedAt }) => Math.abs((times.get(crc) ?? 0) - capturedAt));
    assert.ok(
      errors.every((error) => error <= 0.051),
      errors.join(" "),
    );
  }
});

test("a ledger of another recording changes nothing", { timeout }, async () => {
  const path = await copyOf(closed);
  await inLedger(path, (lines) => lines.map((line) => line.replace(/,\d+\]$/, ",1]")));
  await assert.rejects(repairRecording(path), {
    code: "BAD_RECORDING",
    message: /belongs to another/,
  });
  assert.equal(crc32(await readFile(path)), crc32(closed.bytes));
});
