import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "./pictures.ts";
import { serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;

// 1 to 8: faults that LabThings' stream is known to have, and this one must not.

test("1: frames added back to back are each stored under their own index", {
  timeout,
}, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 20 });
  const reader = stream.everyFrame();
  for (let n = 0; n < 20; n++) assert.equal(stream.addFrame(picture(n)).index, n);
  for (let n = 0; n < 20; n++) assert.equal(numberIn(stream.heldFrame(n).jpeg), n);
  for (let n = 0; n < 20; n++) {
    const { value } = await reader.next();
    assert.ok(value && !("kind" in value));
    assert.deepEqual([value.index, numberIn(value.jpeg)], [n, n]);
  }
});

test("2: stopping the stream lets the server close while someone watches", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port, server } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/");
  stream.addFrame(picture(0));
  await watcher.until(() => watcher.parts.length === 1);
  stream.stop();
  server.close();
  await Promise.all([once(server, "close"), watcher.untilClosed()]);
});

test("3: every wait on a stopped stream rejects at once", { timeout }, async () => {
  const stream = new MJPEGStream();
  const before = stream.nextFrame();
  stream.stop();
  const stopped = { code: "STREAM_STOPPED" };
  await assert.rejects(before, stopped);
  await assert.rejects(stream.nextFrame(), stopped);
  await assert.rejects(stream.grabFrame(), stopped);
  await assert.rejects(stream.nextFrameSize(), stopped);
  await assert.rejects(stream.capturedAfter(0), stopped);
  await assert.rejects(stream.frameAt(0), stopped);
  assert.equal((await stream.frames().next()).done, true);
  assert.equal((await stream.everyFrame().next()).done, true);
});

test("4: a ring of 1 is readable, a ring of 0 is refused with a sentence", {
  timeout,
}, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const grabbed = stream.grabFrame();
  stream.addFrame(picture(5));
  assert.equal(numberIn(await grabbed), 5);
  assert.equal(numberIn((await stream.ringbufferEntry(0)).jpeg), 5);
  assert.throws(() => new MJPEGStream({ ringbufferSize: 0 }), {
    code: "BAD_ARGUMENT",
    message: /1 or more, not 0/,
  });
});

test("5: a frame that comes after the stop is refused and changes nothing", () => {
  const stream = new MJPEGStream();
  stream.addFrame(picture(0));
  stream.stop();
  assert.throws(() => stream.addFrame(picture(1)), { code: "STREAM_STOPPED" });
  assert.equal(stream.offerFrame(picture(1)), undefined);
  assert.equal(numberIn(stream.heldFrame(0).jpeg), 0);
  assert.equal(stream.lastFrameIndex, 0);
  assert.equal(stream.stats.refused.stopped, 2);
});

test("6: stop works anywhere, also inside a frame's own delivery, and twice", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  let stops = 0;
  stream.onStop(() => {
    stops += 1;
  });
  stream.onFrame(() => stream.stop());
  const wait = stream.nextFrame();
  stream.addFrame(picture(0));
  stream.stop();
  assert.equal(await wait, 0);
  assert.equal(stops, 1);
  assert.equal(stream.streaming, false);
});

test("7: after a reset no frame or index of the old run appears", { timeout }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  const seen: Array<[string, number]> = [];
  stream.onFrame(({ run, index }) => seen.push([run, index]));
  const oldRun = stream.run;
  for (let n = 0; n < 4; n++) stream.addFrame(picture(n));
  const wait = stream.nextFrame();
  stream.reset(5);
  assert.notEqual(stream.run, oldRun);
  assert.deepEqual([stream.lastFrameIndex, stream.ringbufferSize], [-1, 5]);
  assert.equal(stream.newest, undefined);
  assert.throws(() => stream.heldFrame(3), { code: "FRAME_NOT_HELD" });
  stream.addFrame(picture(9));
  assert.equal(await wait, 0);
  assert.deepEqual(seen.at(-1), [stream.run, 0]);
});

test("8: a frame in hand never changes, nor does the memory that it came from matter", () => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const memory = Buffer.from(picture(1));
  stream.addFrame(memory);
  const frame = stream.heldFrame(0);
  const copy = Buffer.from(frame.jpeg);
  memory.fill(0);
  for (let n = 2; n < 50; n++) stream.addFrame(picture(n));
  assert.deepEqual(Buffer.from(frame.jpeg), copy);
  assert.deepEqual([frame.index, numberIn(frame.jpeg)], [0, 1]);
});

test("a run is named by six characters", () => {
  const runs = Array.from({ length: 50 }, () => new MJPEGStream().run);
  for (const run of runs) assert.match(run, /^[0-9a-z]{6}$/);
  assert.equal(new Set(runs).size, 50);
});

test("bad frames are refused, counted by reason, and take no index", () => {
  const stream = new MJPEGStream({ maxFrameBytes: 1000 });
  assert.throws(() => stream.addFrame(Buffer.from("<html>404</html>")), { code: "BAD_FRAME" });
  assert.throws(() => stream.addFrame(new Uint8Array(0)), { code: "BAD_FRAME" });
  assert.throws(
    () => stream.addFrame(picture(0, 1001)),
    /1001 bytes; this stream accepts at most 1000/,
  );
  assert.equal(stream.offerFrame(picture(0).subarray(0, 200)), undefined);
  for (const [notBytes, kind] of [
    ["a picture", /string/],
    [null, /null/],
    [undefined, /undefined/],
    [picture(0).buffer, /ArrayBuffer/],
  ] as [never, RegExp][]) {
    assert.throws(() => stream.addFrame(notBytes), { code: "BAD_FRAME", message: kind });
  }
  assert.equal(stream.addFrame(picture(0)).index, 0);
  assert.deepEqual(stream.stats.refused, { corrupt: 7, tooLarge: 1, stopped: 0 });
  assert.equal(stream.stats.added, 1);
});

test("waits resolve with the frame that arrived after the call", { timeout }, async () => {
  const stream = new MJPEGStream();
  stream.addFrame(picture(0, 1000));
  const waits = [stream.nextFrame(), stream.nextFrameSize()];
  const grabbed = stream.grabFrame();
  stream.addFrame(picture(1, 2000));
  stream.addFrame(picture(2, 3000));
  assert.deepEqual(await Promise.all(waits), [1, 2000]);
  const copy = await grabbed;
  assert.equal(numberIn(copy), 1);
  copy.fill(0);
  assert.equal(numberIn(stream.heldFrame(1).jpeg), 1);
});

test("a frame captured after a time is the newest if it will do, else one to come", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const { capturedAt } = stream.addFrame(picture(0));
  assert.equal((await stream.capturedAfter(capturedAt - 1)).index, 0);
  const later = stream.capturedAfter(capturedAt);
  stream.addFrame(picture(1), { capturedAt });
  stream.addFrame(picture(2));
  assert.equal((await later).index, 2);
});

test("a frame still to come can be waited for by its index", { timeout }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 2 });
  const wait = stream.frameAt(2);
  for (let n = 0; n < 3; n++) stream.addFrame(picture(n));
  assert.equal((await wait).index, 2);
  await assert.rejects(stream.frameAt(0), /overwritten/);
  await assert.rejects(stream.frameAt(0.5), /must be an integer of 0 or more/);
  const ended = stream.frameAt(9);
  stream.reset();
  stream.addFrame(picture(0));
  await assert.rejects(ended, /ended before its frame 9/);
});

test("every wait ends with its signal and is demand meanwhile", { timeout }, async () => {
  const stream = new MJPEGStream();
  const leave = new AbortController();
  const waits = [
    stream.nextFrame(leave.signal),
    stream.grab(leave.signal),
    stream.grabFrame(leave.signal),
    stream.nextFrameSize(leave.signal),
    stream.capturedAfter(now(), leave.signal),
    stream.frameAt(3, leave.signal),
  ];
  const loops = [
    stream.frames(leave.signal).next(),
    stream.everyFrame({ signal: leave.signal }).next(),
  ];
  assert.equal(stream.demand.count, 8);
  leave.abort();
  for (const wait of waits) await assert.rejects(wait, { name: "AbortError" });
  for (const loop of loops) assert.equal((await loop).done, true);
  assert.equal(stream.demand.count, 0);
});

test("demand is told at each change", () => {
  const { demand } = new MJPEGStream();
  const counts: number[] = [];
  const end = demand.onChange((count) => counts.push(count));
  const releases = [demand.take(), demand.take()];
  for (const release of [...releases, ...releases]) release();
  end();
  demand.take();
  assert.deepEqual(counts, [1, 2, 1, 0]);
  assert.equal(demand.active, true);
});

test("a slow reader skips frames and ends on the newest", { timeout }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  stream.addFrame(picture(0));
  const reader = stream.frames();
  const first = reader.next();
  stream.addFrame(picture(1));
  assert.equal((await first).value?.index, 1);
  for (let n = 2; n <= 9; n++) stream.addFrame(picture(n));
  assert.equal((await reader.next()).value?.index, 9);
  stream.stop();
  assert.equal((await reader.next()).done, true);
});

test("a frame can be held for a scope", { timeout }, async () => {
  const stream = new MJPEGStream();
  stream.addFrame(picture(4));
  await using frame = await stream.bufferForReading(0);
  assert.equal(numberIn(frame.jpeg), 4);
  await assert.rejects(stream.bufferForReading(1), { code: "FRAME_NOT_HELD" });
});

test("a listener that throws harms neither the others nor the producer", () => {
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (line: string) => lines.push(line) };
  const stream = new MJPEGStream({ log });
  const seen: number[] = [];
  stream.onFrame(() => {
    throw new Error("no disk");
  });
  const end = stream.onFrame(({ index }) => seen.push(index));
  stream.addFrame(picture(0));
  end();
  stream.addFrame(picture(1));
  assert.deepEqual(seen, [0]);
  assert.match(lines[0]!, /A listener of this stream failed: no disk/);
  assert.equal(lines.length, 1, "not one for each frame");
});

test("telling that a stream stopped is refused while it streams", () => {
  const stream = new MJPEGStream();
  assert.throws(() => stream.notifyStreamStopped(), /call stop\(\) first/);
  stream.stop();
  stream.notifyStreamStopped();
});
