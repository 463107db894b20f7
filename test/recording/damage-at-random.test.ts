// Damage where nobody thought of it: bytes of both files are changed at random places.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "./accounts.ts";
import { copyOf, cut, damage, type Original, originals } from "./damage.ts";

const ROUNDS = process.env.THINGSCOPE_LONG ? 3000 : 20;

const { closed, crashed } = await originals();

/** Marsaglia's xorshift: the same row for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Changes some bytes of a file from `from` on. */
async function damageAnywhere(
  path: string,
  from: number,
  size: number,
  random: (below: number) => number,
) {
  const at = from + random(size - from);
  const length = Math.min(size - at, 1 + random(random(3) === 0 ? 12_000 : 40));
  const kinds = [{ flip: length }, { zeros: length }, { bytes: Buffer.alloc(length, random(256)) }];
  await damage(path, at, kinds[random(3)]!);
}

async function round(original: Original, random: (below: number) => number): Promise<void> {
  const path = await copyOf(original);
  const ledger = Buffer.byteLength(original.ledger);
  const isHeadSafe = random(2) === 0;
  for (let n = random(4); n >= 0; n--) {
    await damageAnywhere(path, isHeadSafe ? 1000 : 0, original.bytes.length, random);
  }
  const headLine = original.ledger.indexOf("\n") + 1;
  for (let n = random(3); n > 0; n--)
    await damageAnywhere(ledgerPathOf(path), headLine, ledger, random);
  if (random(4) === 0) await cut(path, original.bytes.length - random(40_000));
  await assertNothingWholeIsLost(path, original);
}

/** Every frame whose bytes and line are as they were is in the file, at its time; each other one is listed, or nobody's. */
async function assertNothingWholeIsLost(path: string, original: Original): Promise<void> {
  const [bytes, ledger] = [await readFile(path), await readFile(ledgerPathOf(path), "utf8")];
  const lines = original.ledger.split("\n");
  const found = new Set(ledger.split("\n"));
  const whole = original.frames.filter(({ offset, size }, n) => {
    const isSame = bytes
      .subarray(offset, offset + size)
      .equals(original.bytes.subarray(offset, offset + size));
    return isSame && found.has(lines[n + 1]!);
  });
  await repairRecording(path);
  const { kept, lost } = await accountOf(path);
  const byCrc = new Map(kept.map((frame) => [frame.crc, frame]));
  const real = new Map(original.frames.map((frame) => [frame.crc, frame]));
  for (const { crc, run, index, capturedAt } of whole) {
    const frame = byCrc.get(crc);
    assert.ok(frame, `frame ${index} is gone`);
    assert.deepEqual([frame.run, frame.index, frame.capturedAt], [run, index, capturedAt]);
    assert.ok(
      !lost.some(({ from, to }) => from <= index && index <= to),
      `frame ${index} is listed`,
    );
  }
  for (const { crc, index, run } of kept) {
    const truth = real.get(crc);
    if (run === undefined || index === undefined) continue;
    if (truth) assert.equal(index, truth.index, `frame ${index} is another`);
    // Only where its line is gone, too, can nobody tell that the bytes of a picture have changed.
    else assert.ok(!found.has(lines[index + 1]!), `frame ${index} has changed`);
  }
  const { repaired, sentence } = await repairRecording(path);
  assert.equal(repaired, false, sentence);
}

test(`after ${ROUNDS} rounds of damage at random places nothing that is whole is lost`, {
  timeout: TEST_MS + ROUNDS * 2000,
}, async () => {
  const failures: string[] = [];
  for (let seed = 1; seed <= ROUNDS; seed++) {
    await round(seed % 2 ? closed : crashed, randomOf(seed)).catch((error) => {
      failures.push(`seed ${seed}: ${messageOf(error)}`);
    });
  }
  assert.deepEqual(failures, []);
});
