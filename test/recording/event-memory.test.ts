import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../../src/frames/frame.ts";
import { EventMemory } from "../../src/recording/write/event-memory.ts";
import { PreRollRing } from "../../src/recording/write/pre-roll.ts";
import { fc, runs } from "../property.ts";
import { frame } from "./recordings.ts";

const PRE_ROLL = 20_000;
const QUEUE = 5000;

test("pre-roll and queue keep to their bounds together, whatever files of several events wait for a disk", () => {
  const happening = fc.oneof(
    { weight: 6, arbitrary: fc.record({ bytes: fc.integer({ min: 400, max: 3000 }) }) },
    { weight: 1, arbitrary: fc.constant("trigger" as const) },
    { weight: 3, arbitrary: fc.record({ written: fc.integer({ min: 0, max: 5 }) }) },
    { weight: 1, arbitrary: fc.constant("failed" as const) },
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200 }), (story) => {
      const memory = new EventMemory(QUEUE);
      const ring = new PreRollRing({ spanMs: 1000, maxBytes: PRE_ROLL, loans: memory });
      const held = () => ring.since(0).flatMap((one) => (one.jpeg ? [one] : []));
      let file: object | undefined;
      const waiting: Frame[] = [];
      const past = new Set<Frame>();
      for (const [n, what] of story.entries()) {
        if (what === "trigger") {
          file = {};
          for (const one of held()) {
            if (waiting.includes(one)) continue;
            memory.lend(one, file);
            assert.ok(memory.admit(one), "what is in memory already is taken");
            past.add(one);
            waiting.push(one);
          }
        } else if (what === "failed") {
          for (const one of waiting.splice(0)) memory.release(one);
          file = undefined;
        } else if ("written" in what) {
          for (const one of waiting.splice(0, what.written)) memory.release(one);
        } else {
          const next = frame(n, n * 30, what.bytes);
          ring.push(next);
          if (file && memory.admit(next)) waiting.push(next);
        }
        const fresh = waiting.filter((one) => !past.has(one));
        const preRoll = new Set([...held(), ...waiting.filter((one) => past.has(one))]);
        assert.ok(bytesOf(fresh) <= QUEUE, `${bytesOf(fresh)} wait`);
        assert.ok(bytesOf([...preRoll]) <= PRE_ROLL, `${bytesOf([...preRoll])} are held`);
      }
      for (const one of waiting) memory.release(one);
      ring.clear();
      assert.equal(memory.outsideBytes, 0);
    }),
    { numRuns: runs(200) },
  );
});

test("frames that had no room since a disk was slow are told from those that the pre-roll was too small for", () => {
  const memory = new EventMemory(QUEUE);
  const ring = new PreRollRing({ spanMs: 1000, maxBytes: 3000, loans: memory });
  const why = () => ring.since(0).map((one) => (one.jpeg ? undefined : one.why));
  for (const n of [0, 1, 2, 3]) ring.push(frame(n, n * 30, 1000));
  assert.deepEqual(why()[0], "there was no room for it before the trigger");
  for (const one of ring.since(0)) if (one.jpeg) memory.lend(one, ring);
  for (const n of [4, 5]) ring.push(frame(n, n * 30, 1000));
  assert.match(String(why()[5]), /^the disk was too slow/);
  memory.settle(ring);
  assert.equal(memory.outsideBytes, 0);
});

function bytesOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { jpeg }) => sum + jpeg.length, 0);
}
