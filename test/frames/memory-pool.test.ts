import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryPool } from "../../src/frames/memory-pool.ts";

test("the memory that was given back last, and is likeliest to be in the processor's cache, is used first", () => {
  const pool = new MemoryPool();
  const pieces = [pool.take(1000), pool.take(1000), pool.take(1000)];
  for (const piece of pieces) pool.giveBack(piece);
  assert.deepEqual(
    [1, 2, 3].map(() => pieces.indexOf(pool.take(1000))),
    [2, 1, 0],
  );
});

test("what does not fit what comes makes room for what does", () => {
  const pool = new MemoryPool();
  for (let n = 0; n < 100; n++) pool.giveBack(new Uint8Array(100_000));
  const fitting: Uint8Array[] = Array.from({ length: 10 }, () => new Uint8Array(2 ** 20));
  for (const piece of fitting) pool.giveBack(piece);
  assert.ok(fitting.includes(pool.take(900_000)));
});
