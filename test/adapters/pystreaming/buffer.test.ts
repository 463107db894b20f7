import assert from "node:assert/strict";
import { test } from "node:test";
import { buffer } from "../../../src/adapters/pystreaming/buffer.ts";
import { TEST_MS } from "../../limits.ts";
import { TurnedClock } from "./turned-clock.ts";

const timeout = TEST_MS;

interface Arrival {
  /** Seconds after the beginning. */
  readonly at: number;
  readonly ftime: number;
  readonly name?: string;
}

/** Packets that come at given times. */
async function* arriving(clock: TurnedClock, arrivals: readonly Arrival[]) {
  const start = 1000;
  for (const { at, ...packet } of arrivals) {
    await clock.wait(start + at - clock.now());
    yield packet;
  }
}

/** What a buffer gives, and how many seconds after the beginning. */
async function released(
  seconds: number,
  streams: Readonly<Record<string, readonly Arrival[]>>,
  maxHeld?: number,
) {
  const clock = new TurnedClock();
  const handlers = Object.fromEntries(
    Object.entries(streams).map(([name, arrivals]) => [name, () => arriving(clock, arrivals)]),
  );
  const buffered = buffer(seconds, handlers, { clock, maxHeld });
  const out: [string, number, number][] = [];
  const reading = (async () => {
    for await (const [name, { ftime }] of buffered) {
      out.push([name, ftime, Math.round((clock.now() - 1000) * 1000) / 1000]);
    }
  })();
  await clock.run();
  await reading;
  return { out, counts: buffered.counts };
}

test("what was overtaken comes in order, each a buffer's length after its time", {
  timeout,
}, async () => {
  const { out } = await released(0.5, {
    video: [
      { at: 0, ftime: 0 },
      { at: 0.02, ftime: 0.2 },
      { at: 0.04, ftime: 0.1 },
    ],
  });
  assert.deepEqual(out, [
    ["video", 0, 0.5],
    ["video", 0.1, 0.6],
    ["video", 0.2, 0.7],
  ]);
});

test("what is later than the buffer is long is dropped, and counted", { timeout }, async () => {
  const { out, counts } = await released(0.5, {
    video: [
      { at: 0, ftime: 0 },
      { at: 0.7, ftime: 0.1 },
      { at: 0.7, ftime: 0.3 },
    ],
  });
  assert.deepEqual(out, [
    ["video", 0, 0.5],
    ["video", 0.3, 0.8],
  ]);
  assert.deepEqual(counts, { stale: 1, replaced: 0, overflown: 0 });
});

test("the first packet's clock counts, however far it is from ours, for all streams", {
  timeout,
}, async () => {
  const { out } = await released(0.1, {
    video: [
      { at: 0, ftime: 5e8 },
      { at: 0.04, ftime: 5e8 + 0.03 },
    ],
    audio: [
      { at: 0.01, ftime: 5e8 + 0.01 },
      { at: 0.02, ftime: 5e8 + 0.02 },
      { at: 0.2, ftime: 5e8 - 1 },
    ],
  });
  const times = out.map(([name, ftime, at]) => [name, Math.round((ftime - 5e8) * 100) / 100, at]);
  assert.deepEqual(times, [
    ["video", 0, 0.1],
    ["audio", 0.01, 0.11],
    ["audio", 0.02, 0.12],
    ["video", 0.03, 0.13],
  ]);
});

test("of two with one time in one stream the later counts; two streams may have one time", {
  timeout,
}, async () => {
  const { out, counts } = await released(0.1, {
    video: [
      { at: 0, ftime: 1 },
      { at: 0.01, ftime: 1 },
    ],
    audio: [{ at: 0.02, ftime: 1 }],
  });
  assert.deepEqual(out.map(([name]) => name).toSorted(), ["audio", "video"]);
  assert.equal(counts.replaced, 1);
});

test("frames of a stream, which have capturedAt in milliseconds, are put in order too", {
  timeout,
}, async () => {
  const clock = new TurnedClock();
  async function* frames() {
    yield { capturedAt: 2000, index: 1 };
    yield { capturedAt: 1900, index: 0 };
  }
  const indices: number[] = [];
  const reading = (async () => {
    for await (const [, { index }] of buffer(0.5, { camera: frames() }, { clock }))
      indices.push(index);
  })();
  await clock.run();
  await reading;
  assert.deepEqual(indices, [0, 1]);
});

test("frames of a time that never comes do not fill the memory", { timeout }, async () => {
  const far = Array.from({ length: 50 }, (_, n) => ({ at: 0, ftime: 1e6 + n }));
  const { out, counts } = await released(0.5, { video: [{ at: 0, ftime: 0 }, ...far] }, 10);
  assert.equal(counts.overflown, 41);
  assert.equal(out.length, 10);
});

test("a stream that fails fails the buffer; the signal, and leaving the loop, end the streams", {
  timeout,
}, async () => {
  async function* failing(): AsyncGenerator<{ ftime: number }> {
    yield { ftime: 0 };
    throw new Error("the cable was pulled");
  }
  await assert.rejects(async () => {
    for await (const _ of buffer(0.01, { video: failing() })) assert.ok(_);
  }, /the cable was pulled/);

  let ended = 0;
  async function* endless() {
    try {
      for (let ftime = Date.now() / 1000; ; ftime += 0.01) {
        yield { ftime };
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      ended++;
    }
  }
  const stop = new AbortController();
  for await (const _ of buffer(0.05, { a: endless() }, { signal: stop.signal })) stop.abort();
  for await (const _ of buffer(0.05, { a: endless(), b: endless() })) break;
  while (ended < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.throws(() => buffer(-1, {}), { code: "BAD_ARGUMENT" });
});
