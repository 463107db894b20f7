import assert from "node:assert/strict";
import { test } from "node:test";
import { limitHits } from "../../src/base/limit-hits.ts";
import { ConversionQueue } from "../../src/recording/export/conversion-queue.ts";

/** A conversion that goes on until it is ended. */
function conversion(queue: ConversionQueue, growing = false) {
  let [end, close] = [() => {}, () => {}];
  const ending = new Promise<void>((resolve) => {
    end = resolve;
  });
  const until = new Promise<void>((resolve) => {
    close = resolve;
  });
  const state = { isGrowing: growing, hasBegun: false };
  const abort = new AbortController();
  const turn = queue.run(
    { isGrowing: () => state.isGrowing, until: growing ? until : undefined, signal: abort.signal },
    () => {
      state.hasBegun = true;
      return ending;
    },
  );
  return {
    ...{ state, turn, abort },
    end: async () => {
      end();
      await turn;
      await settled();
    },
    closed: async () => {
      state.isGrowing = false;
      close();
      await settled();
    },
  };
}

/** What promises lead to has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("two closed recordings are converted at once, the others wait in order", async () => {
  const queue = new ConversionQueue();
  const all = Array.from({ length: 4 }, () => conversion(queue));
  await settled();
  const begun = () => all.map(({ state }) => state.hasBegun);
  assert.deepEqual(begun(), [true, true, false, false]);
  assert.deepEqual(queue.counts, { running: 2, waiting: 2 });
  await all[1]!.end();
  assert.deepEqual(begun(), [true, true, true, false]);
  await all[0]!.end();
  await all[3]!.end();
  await all[2]!.end();
  assert.deepEqual(queue.counts, { running: 0, waiting: 0 });
});

test("what is being written does not keep what is closed from its turn; what waits has one when it is closed", async () => {
  const before = limitHits().get("conversions_at_once") ?? 0;
  const queue = new ConversionQueue();
  const growing = Array.from({ length: 5 }, () => conversion(queue, true));
  const closed = conversion(queue);
  await settled();
  assert.deepEqual(queue.counts, { running: 5, waiting: 1 });
  assert.equal(growing[4]!.state.hasBegun, false);
  await growing[4]!.closed();
  assert.equal(growing[4]!.state.hasBegun, true);
  assert.deepEqual(queue.counts, { running: 6, waiting: 0 });
  for (const one of [...growing, closed]) await one.end();
  assert.equal(limitHits().get("conversions_at_once"), before + 1);
});

test("one that is not wanted any more leaves, one that fails makes room, and 1000 wait at most", async () => {
  const queue = new ConversionQueue();
  const all = Array.from({ length: 1002 }, () => conversion(queue));
  for (const { turn } of all) turn.catch(() => {});
  await settled();
  await assert.rejects(conversion(queue).turn, {
    code: "TOO_BUSY",
    message: /1000 other recordings/,
  });
  all[2]!.abort.abort();
  await assert.rejects(all[2]!.turn, { name: "AbortError" });
  assert.deepEqual(queue.counts, { running: 2, waiting: 999 });
  const failing = queue.run({ isGrowing: () => false }, () => Promise.reject(new Error("no")));
  const told = assert.rejects(failing, /no/);
  for (const one of all.toSpliced(2, 1)) await one.end();
  await told;
  assert.deepEqual(queue.counts, { running: 0, waiting: 0 });
});
