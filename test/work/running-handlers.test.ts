import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_ABANDONED, RunningHandlers } from "../../src/adapters/nats/work/running-handlers.ts";

test("a handler that never returns is left alone, and after ten no ticket is taken until one ends", async () => {
  let full = 0;
  const handlers = new RunningHandlers(() => {
    full += 1;
  });
  const never = new AbortController();
  assert.equal(await handlers.run(() => 1, never.signal), 1);
  const ends: (() => void)[] = [];
  for (let n = 0; n < MOST_ABANDONED; n++) {
    await handlers.room(never.signal);
    const old = new AbortController();
    const call = () => new Promise<void>((resolve) => ends.push(resolve));
    const run = handlers.run(call, old.signal);
    old.abort();
    await assert.rejects(run, { name: "AbortError" });
  }
  assert.equal(full, 1);
  let hasRoom = false;
  const room = handlers.room(never.signal).then(() => {
    hasRoom = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hasRoom, false);
  ends[0]?.();
  await room;
});

test("where several tickets are worked on at a time, one end of more than ten makes no room", async () => {
  const handlers = new RunningHandlers(() => {});
  const ends: (() => void)[] = [];
  const old = new AbortController();
  const call = () => new Promise<void>((resolve) => ends.push(resolve));
  const runs = Array.from({ length: MOST_ABANDONED + 2 }, () => handlers.run(call, old.signal));
  old.abort();
  await Promise.allSettled(runs);
  let hasRoom = false;
  const room = handlers.room(new AbortController().signal).then(() => {
    hasRoom = true;
  });
  for (const [n, end] of ends.slice(0, 3).entries()) {
    end();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(hasRoom, n === 2, `${n + 1} have ended`);
  }
  await room;
});
