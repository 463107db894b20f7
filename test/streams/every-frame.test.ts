import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, FrameGap } from "../../src/frames/frame.ts";
import { FrameLog, FrameReader } from "../../src/streams/frame-log.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";

const timeout = TEST_MS;

/** The next `count` things a reader is told: an index, or the gap. */
async function take(reader: AsyncGenerator<Frame | FrameGap, void>, count: number) {
  const told: Array<number | FrameGap> = [];
  while (told.length < count) {
    const { value, done } = await reader.next();
    if (done) break;
    if (value) told.push("kind" in value ? value : value.index);
  }
  return told;
}

function add(stream: MJPEGStream, count: number): void {
  for (let n = 0; n < count; n++) stream.addFrame(picture(n));
}

test("frames that were overwritten before they were read are a gap with their indices", {
  timeout,
}, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  const { run } = stream;
  const reader = stream.everyFrame();
  add(stream, 2);
  assert.deepEqual(await take(reader, 2), [0, 1]);
  add(stream, 7);
  assert.deepEqual(await take(reader, 4), [{ kind: "gap", run, from: 2, to: 5 }, 6, 7, 8]);
});

test("a new run is told, after what the old one lost", { timeout }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  const runs = [stream.run];
  const reader = stream.everyFrame();
  add(stream, 2);
  assert.deepEqual(await take(reader, 1), [0]);
  stream.reset();
  runs.push(stream.run);
  add(stream, 5);
  stream.reset();
  runs.push(stream.run);
  add(stream, 1);
  assert.deepEqual(await take(reader, 5), [
    { kind: "gap", run: runs[0], from: 1, to: 1 },
    { kind: "run", run: runs[1], previousRun: runs[0] },
    { kind: "gap", run: runs[1], from: 0, to: 4 },
    { kind: "run", run: runs[2], previousRun: runs[1] },
    0,
  ]);
});

test("reading begins where it is asked to, in the past or the future", { timeout }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  const { run } = stream;
  add(stream, 5);
  assert.deepEqual(await take(stream.everyFrame({ from: 3 }), 2), [3, 4]);
  assert.deepEqual(await take(stream.everyFrame({ from: 0 }), 2), [
    { kind: "gap", run, from: 0, to: 1 },
    2,
  ]);
  const ahead = take(stream.everyFrame({ from: 7 }), 1);
  add(stream, 3);
  assert.deepEqual(await ahead, [7]);
});

test("one who waits for a later frame of a run that ends goes on with the next run", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const previousRun = stream.run;
  add(stream, 2);
  const ahead = take(stream.everyFrame({ from: 100 }), 2);
  stream.reset();
  add(stream, 1);
  assert.deepEqual(await ahead, [{ kind: "run", run: stream.run, previousRun }, 0]);
});

test("what is held is still read when the stream has stopped", { timeout }, async () => {
  const stream = new MJPEGStream();
  const reader = stream.everyFrame();
  add(stream, 2);
  stream.stop();
  assert.deepEqual(await take(reader, 3), [0, 1]);
});

test("the sizes of frames are held longer than the frames", () => {
  const stream = new MJPEGStream({ ringbufferSize: 2 });
  for (let n = 0; n < 5; n++) stream.addFrame(picture(n, 1000 + n));
  assert.deepEqual(
    stream.sizes.entries().map(({ index, size }) => [index, size]),
    [
      [0, 1000],
      [1, 1001],
      [2, 1002],
      [3, 1003],
      [4, 1004],
    ],
  );
  assert.equal(stream.sizes.positionOf(stream.run, 3), 3);
  assert.equal(stream.sizes.at(5), undefined);
});

test("the log of sizes holds the newest 10,000", () => {
  const stream = new MJPEGStream();
  add(stream, 10_001);
  const entries = stream.sizes.entries();
  assert.deepEqual([entries.length, entries[0]?.index, entries.at(-1)?.index], [10_000, 1, 10_000]);
  assert.equal(stream.sizes.at(0), undefined);
  assert.deepEqual(stream.sizes.identityAt(0), { run: stream.run, index: 0 });
});

test("a reader that comes back after many frames and runs costs as much as what is held, not as what has passed", () => {
  const log = new FrameLog(10);
  let looked = 0;
  const runs: string[] = [];
  for (let n = 0; n < 1200; n++) {
    const run = log.beginRun();
    runs.push(run);
    for (let index = 0; index < 100; index++) log.add({ run, index, capturedAt: 0, size: 1 });
  }
  const read = (run: string, index: number) => {
    const reader = new FrameReader(log, run, index, (position) => {
      looked += 1;
      return log.at(position);
    });
    return [reader.next(), reader.next()];
  };
  const [known] = runs.slice(200);
  assert.deepEqual(read(known!, 20_050), [
    { kind: "gap", run: known, from: 50, to: 99 },
    { kind: "run", run: runs[201], previousRun: known },
  ]);
  assert.deepEqual(read(runs[0]!, 50), [
    { kind: "run", run: known, previousRun: runs[0] },
    { kind: "gap", run: known, from: 0, to: 99 },
  ]);
  assert.ok(looked < 10, `${looked} entries were looked for`);
});
