import assert from "node:assert/strict";
import { test } from "node:test";
import { logTo, MJPEGStream, ThingError } from "thingscope";
import {
  Consumer,
  type Found,
  FrameProbe,
  type FrameProbeOptions,
  type Produce,
  Producer,
} from "thingscope/pythiags";
import { Elapsed } from "../../elapsed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld } from "../../memory.ts";

const timeout = TEST_MS;
const jpeg = await jpegOf(32, 24);

/** A stream, a probe at it, and what its log says. */
function probed(options: Omit<FrameProbeOptions<unknown>, "camera" | "log">) {
  const stream = new MJPEGStream({ name: "bench" });
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  return {
    stream,
    lines,
    probe: new FrameProbe({ slowMs: 60_000, ...options, camera: stream, log }),
  };
}

/** Resolves when `isSo`, looked at in each turn of the event loop. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("what a producer finds is consumed in the background, in order, with the frame that it was found in", {
  timeout,
}, async () => {
  const found: Found[] = [];
  const { stream, probe } = probed({
    producer: ({ index }, { camera, seconds }) => (index % 2 ? [{ index, camera, seconds }] : []),
    consumer: (events, { signal, ...of }) => void found.push({ ...of, events }),
  });
  assert.equal(stream.demand.count, 1, "the camera runs for it");
  for (let n = 0; n < 6; n++) stream.addFrame(jpeg);
  assert.equal(found.length, 0, "not in the tick of the frame");
  await until(() => found.length === 3);
  assert.deepEqual(
    found.map(({ index }) => index),
    [1, 3, 5],
  );
  const [{ events, ...of }] = found as [Found];
  assert.deepEqual([of.camera, of.run], ["bench", stream.run]);
  assert.equal(of.capturedAt, stream.heldFrame(1).capturedAt);
  const first = stream.heldFrame(0).capturedAt;
  const seconds = (of.capturedAt - first) / 1000;
  assert.deepEqual(events, [{ index: 1, camera: "bench", seconds }]);
  await probe.stop();
  assert.equal(stream.demand.count, 0);
  const { frames, consumed, dropped, failed } = probe.counts;
  assert.deepEqual(
    { frames, events: probe.counts.events, consumed, dropped, failed },
    {
      frames: 6,
      events: 3,
      consumed: 3,
      dropped: 0,
      failed: 0,
    },
  );
});

test("classes with pythiags' methods do the same", { timeout }, async () => {
  class Sizes extends Producer<number> {
    override extractMetadata = ({ jpeg }: { jpeg: Uint8Array }) => [jpeg.length];
  }
  class Keeper extends Consumer<number> {
    readonly kept: number[] = [];
    override incoming(events: readonly number[]): void {
      this.kept.push(...events);
    }
  }
  const stream = new MJPEGStream();
  const keeper = new Keeper();
  await using _ = new FrameProbe({ camera: stream, producer: new Sizes(), consumer: keeper });
  stream.addFrame(jpeg);
  await until(() => keeper.kept.length === 1);
  assert.deepEqual(keeper.kept, [jpeg.length]);
});

test("a producer that throws, gives a promise or no list is counted and told once a minute, and the stream goes on", {
  timeout,
}, async () => {
  const produced: (() => unknown)[] = [
    () => {
      throw new Error("no model is loaded");
    },
    () => Promise.reject(new Error("later")),
    () => 7,
    function* () {
      for (;;) yield 0;
    },
  ];
  const sentences = [
    /no model is loaded/,
    /a promise, but must be synchronous/,
    /did not return a list/,
    /more than 1000 events in one frame/,
  ];
  for (const [n, produce] of produced.entries()) {
    const { stream, lines, probe } = probed({
      producer: produce as Produce,
      consumer: assert.fail,
    });
    for (let frame = 0; frame < 50; frame++) stream.addFrame(jpeg);
    assert.equal(stream.lastFrameIndex, 49);
    assert.equal(probe.counts.producerFailed, 50);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, sentences[n]!);
    assert.match(lines[0]!, /^The producer of the probe at 'bench' failed at frame 0: /);
    await probe.stop();
  }
});

test("a slow producer is warned of, and after three such frames gets half of the time at most", {
  timeout,
}, async () => {
  const { stream, lines, probe } = probed({
    producer: () => busyFor(30) as undefined,
    consumer: assert.fail,
    slowMs: 5,
  });
  for (let n = 0; n < 10; n++) stream.addFrame(jpeg); // after the third it rests
  assert.deepEqual([probe.counts.frames, probe.counts.skipped, probe.counts.slow], [3, 7, 3]);
  assert.match(lines[0]!, /took \d\d+ ms for a frame; nothing was captured or served/);
  assert.match(lines[0]!, /do slow work in the consumer/);
  while (probe.counts.frames < 4) stream.addFrame(jpeg); // and looks again
  assert.equal(lines.length, 1);
  await probe.stop();
});

test("a consumer slower than the frames loses the oldest, counted; memory stays, the stream goes on", {
  timeout,
}, async () => {
  const seen: number[] = [];
  let goOn = () => {};
  const { stream, lines, probe } = probed({
    producer: ({ index }) => [{ index, ballast: new Uint8Array(100_000) }],
    consumer: async (_, { index }) => {
      seen.push(index);
      await new Promise<void>((resolve) => (goOn = resolve));
    },
    queue: 10,
  });
  stream.addFrame(jpeg);
  await until(() => seen.length === 1);
  const before = await memoryHeld();
  for (let n = 1; n <= 1000; n++) stream.addFrame(jpeg);
  assert.ok((await memoryHeld()) - before < 20e6, "10 of 100 MB");
  assert.equal(probe.counts.dropped, 990);
  assert.match(lines[0]!, /The consumer of the probe at 'bench' loses events: .*slower/);
  assert.equal(lines.length, 1);
  for (const expected of [991, 992]) {
    goOn();
    await until(() => seen.at(-1) === expected);
  }
  goOn();
  const stopping = probe.stop();
  await until(() => {
    goOn();
    return seen.at(-1) === 1000;
  });
  goOn();
  await stopping;
  const { consumed, dropped } = probe.counts;
  assert.deepEqual([consumed, dropped], [11, 990], "all are accounted for");
});

test("a consumer that fails is told, and goes on; one that hangs is told, aborted, and never called twice at once", {
  timeout,
}, async () => {
  let calls = 0;
  const failing = probed({
    producer: () => [1],
    consumer: () => {
      if (calls++ % 2 === 0) throw new Error("disk full");
    },
  });
  for (let n = 0; n < 4; n++) failing.stream.addFrame(jpeg);
  await until(() => calls === 4);
  await failing.probe.stop();
  assert.deepEqual([failing.probe.counts.consumed, failing.probe.counts.failed], [2, 2]);
  assert.match(failing.lines.join(), /^The consumer of the probe at 'bench' failed: disk full$/);

  const signals: AbortSignal[] = [];
  const hanging = probed({
    producer: () => [1],
    consumer: (_, { signal }) => {
      signals.push(signal);
      return new Promise<void>(() => {});
    },
    queue: 2,
    patienceSec: 0.05,
  });
  for (let n = 0; n < 5; n++) hanging.stream.addFrame(jpeg);
  await until(() => signals[0]?.aborted ?? false);
  assert.match(hanging.lines.join("\n"), /has taken more than 0\.05 s/);
  assert.equal(signals.length, 1);
  const started = new Elapsed();
  await hanging.probe.stop();
  assert.ok(started.ms < 4000, "it is not waited for for ever");
  assert.equal(hanging.probe.counts.dropped, 4);
});

test("what is no producer, no consumer or no limit is refused in one sentence", () => {
  const camera = new MJPEGStream();
  const good = { camera, producer: () => [], consumer: () => {} };
  class Looks extends Producer {
    override extractMetadata = () => [];
  }
  const cases: [object, RegExp][] = [
    [{ camera: undefined }, /^A probe needs a camera or a stream/],
    [{ producer: undefined }, /^A producer must be a function/],
    [{ producer: Looks }, /If it is a class, create an instance with new/],
    [{ producer: { extractMetadata: 3 } }, /^A producer must be/],
    [{ consumer: {} }, /^A consumer must be a function/],
    [{ queue: 0 }, /'queue' must be .*, not 0/],
    [{ queue: 1.5 }, /not 1\.5/],
    [{ patienceSec: -1 }, /more than 0 s/],
    [{ slowMs: Number.NaN }, /more than 0 ms, not NaN/],
  ];
  for (const [wrong, message] of cases) {
    assert.throws(
      () => new FrameProbe({ ...good, ...wrong }),
      (error) =>
        error instanceof ThingError && error.code === "BAD_ARGUMENT" && message.test(error.message),
    );
  }
  assert.equal(camera.demand.count, 0, "and holds nothing");
});
