import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt } from "../../src/base/attempt.ts";
import type { SupervisorOptions } from "../../src/base/supervise.ts";
import { retried, supervisedValues } from "../../src/base/supervised-values.ts";
import { TEST_MS } from "../limits.ts";
import { FakeTimers } from "./fake-timers.ts";

const timeout = TEST_MS;
const pauses = { firstMs: 1000, longestMs: 4000 };

/** A source of values: what each connection gives before it breaks. */
function broken(...connections: readonly (readonly number[])[]) {
  let opened = 0;
  const left: string[] = [];
  async function* read({ signal }: Attempt) {
    const values = connections[opened++] ?? [];
    try {
      yield* values;
      signal.throwIfAborted();
      throw new Error(`broke off ${opened}`);
    } finally {
      left.push(signal.aborted ? "ended" : "broken");
    }
  }
  return { read, left };
}

/** Takes values until there are so many, or none any more. */
async function taken(values: AsyncIterable<number>, most: number): Promise<number[]> {
  const found: number[] = [];
  for await (const value of values) {
    found.push(value);
    if (found.length === most) break;
  }
  return found;
}

test("values go on over connections that break, and leaving the loop ends the last one", {
  timeout,
}, async () => {
  const timers = new FakeTimers();
  const { read, left } = broken([1, 2], [], [3, 4, 5]);
  const reading = taken(supervisedValues(read, { pauses, timers }), 4);
  await timers.pass(1000 + 2000);
  assert.deepEqual(await reading, [1, 2, 3, 4]);
  assert.deepEqual(left, ["broken", "broken", "broken"]);
  await timers.pass(60_000);
  assert.deepEqual([left.length, timers.waiting], [3, 0]);
});

test("what cannot pass, or has failed too often, is thrown; an end that may be is an end", {
  timeout,
}, async () => {
  const rows: [options: Partial<SupervisorOptions>, thrown: RegExp][] = [
    [{ mayPass: () => false }, /broke off 1/],
    [{ mostFailures: 3 }, /broke off 3/],
  ];
  for (const [options, thrown] of rows) {
    const timers = new FakeTimers();
    const { read } = broken([]);
    const reading = assert.rejects(
      taken(supervisedValues(read, { pauses, timers, ...options }), 1),
      thrown,
    );
    await timers.pass(60_000);
    await reading;
    assert.equal(timers.waiting, 0);
  }
  async function* whole() {
    yield* [1, 2];
  }
  assert.deepEqual(await taken(supervisedValues(whole, { pauses, mayEnd: true }), 9), [1, 2]);
});

test("a signal ends the values without an error: while they come, in a pause, before they begin", {
  timeout,
}, async () => {
  for (const when of ["at a value", "in a pause", "before"]) {
    const timers = new FakeTimers();
    const abort = new AbortController();
    const { read } = broken([1], [2]);
    if (when === "before") abort.abort();
    const values = supervisedValues(read, { pauses, timers, signal: abort.signal });
    const found: number[] = [];
    const reading = (async () => {
      for await (const value of values) {
        found.push(value);
        if (when === "at a value") abort.abort();
      }
    })();
    await timers.pass(500);
    if (when === "in a pause") abort.abort();
    await reading;
    assert.deepEqual(found, when === "before" ? [] : [1], when);
    assert.equal(timers.waiting, 0, when);
  }
});

test("a silent connection is made anew; a reader that takes its time does not make it silent", {
  timeout,
}, async () => {
  const timers = new FakeTimers();
  let opened = 0;
  async function* read({ signal }: Attempt) {
    opened += 1;
    yield opened;
    yield opened;
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
  const values = supervisedValues(read, { pauses, timers, silenceMs: 2000 });
  const found: unknown[] = [];
  const next = async () => found.push((await values.next()).value);
  void next();
  await timers.pass(60_000);
  void next();
  await timers.pass(60_000);
  assert.deepEqual([found, opened], [[1, 1], 1]);
  const last = next();
  await timers.pass(1999);
  assert.equal(opened, 1);
  await timers.pass(1 + 1000);
  await last;
  assert.deepEqual(found, [1, 1, 2]);
  await values.return();
  assert.equal(timers.waiting, 0);
});

test("work is tried again while it fails with what may pass, and its signal's reason is thrown", {
  timeout,
}, async () => {
  const timers = new FakeTimers();
  let tries = 0;
  const work = async () => {
    tries += 1;
    if (tries < 4) throw new Error(`Try ${tries}.`);
    return "done";
  };
  const result = retried(work, { pauses, timers });
  await timers.pass(1000 + 2000 + 4000);
  assert.equal(await result, "done");
  tries = 0;
  await assert.rejects(retried(work, { pauses, timers, mostFailures: 1 }), /Try 1/);
  const abort = new AbortController();
  tries = 0;
  const ended = retried(work, { pauses, timers, signal: abort.signal });
  await timers.pass(500);
  abort.abort(new Error("Nobody wants it."));
  await assert.rejects(ended, /Nobody wants it/);
  assert.equal(timers.waiting, 0);
});
