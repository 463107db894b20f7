import assert from "node:assert/strict";
import { test } from "node:test";
import { RingBuffer } from "../../src/frames/ring-buffer.ts";

const entry = (index: number, run = "a") => ({ run, index });

test("all n entries of a ring of n are readable", () => {
  const ring = new RingBuffer<{ run: string; index: number }>(3);
  for (let n = 0; n <= 4; n++) ring.push(entry(n));
  assert.deepEqual(
    ring.entries().map(({ index }) => index),
    [2, 3, 4],
  );
  assert.equal(ring.oldest?.index, 2);
  assert.equal(ring.newest?.index, 4);
});

test("a ring of 1 holds the newest entry", () => {
  const ring = new RingBuffer<{ run: string; index: number }>(1);
  ring.push(entry(0));
  ring.push(entry(1));
  assert.equal(ring.get(1).index, 1);
  assert.throws(() => ring.get(0), { code: "FRAME_NOT_HELD", status: 404 });
});

test("an entry that is not held is refused with the reason and what is held", () => {
  const ring = new RingBuffer<{ run: string; index: number }>(3);
  assert.throws(() => ring.get(0), /no frame of this run has arrived yet/);
  for (let n = 0; n <= 4; n++) ring.push(entry(n));
  assert.throws(() => ring.get(0), /overwritten. Frames 2 to 4 are held/);
  assert.throws(() => ring.get(5), /not been captured yet. Frames 2 to 4 are held/);
  assert.throws(() => ring.get(-1), /whole number from 0/);
  assert.throws(() => ring.get(2.5), /whole number from 0/);
});

test("an entry of another run begins afresh", () => {
  const ring = new RingBuffer<{ run: string; index: number }>(3);
  ring.push(entry(0));
  ring.push(entry(1));
  ring.push(entry(0, "b"));
  assert.deepEqual(ring.entries(), [entry(0, "b")]);
  assert.throws(() => ring.get(1), { code: "FRAME_NOT_HELD" });
});

test("a ring of no frames is refused", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new RingBuffer(capacity), { code: "BAD_ARGUMENT" });
  }
});
