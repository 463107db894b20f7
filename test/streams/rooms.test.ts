import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameSink, RunningSource } from "../../src/frames/frame-source.ts";
import { fromIterable } from "../../src/frames/frame-source.ts";
import { STANDARD_HUFFMAN_TABLES } from "../../src/frames/jpeg/jpeg.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { without } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "./pictures.ts";
import { eventually, serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;

/** Receives a picture into the stream's own memory, with `spare` bytes behind it. */
function received(stream: MJPEGStream, jpeg: Uint8Array, spare = 0): Uint8Array {
  const room = stream.room(jpeg.length + spare);
  assert.ok(room);
  room.set(jpeg);
  return room.subarray(0, jpeg.length);
}

/** A source that hands over its sink, and ends when it is asked to. */
class Handed implements RunningSource {
  sink: FrameSink | undefined;
  runs = 0;
  settled = 0;

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    this.sink = sink;
    this.runs += 1;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.settled += 1;
  }
}

test("a frame received into the stream's memory is not copied, and viewers get it with its headers", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 1);
  const stored: ArrayBufferLike[] = [];
  stream.follow((frame) => stored.push(frame.bytes("program").buffer));
  for (let n = 0; n < 30; n++) {
    const jpeg = received(stream, picture(n, 3000 + 50 * n), n % 3 === 0 ? 700 : 0);
    stream.addFrame(jpeg, n % 2 ? { origin: { ...ORIGIN, index: n } } : {});
    assert.equal(stored.at(-1), jpeg.buffer);
    await watcher.until(() => watcher.parts.length === n + 1);
  }
  for (const [n, { headers, jpeg }] of watcher.parts.entries()) {
    assert.ok(Buffer.from(jpeg).equals(picture(n, 3000 + 50 * n)), `frame ${n}`);
    assert.equal(headers.get("x-frame-index"), String(n));
    assert.equal(headers.has("x-origin"), n % 2 === 1);
  }
});

const ORIGIN = { stream: "http://camera/live", run: "abc", index: 0, capturedAt: 1000 };

test("what cannot stay where it was received is copied: without tables, with headers too long, from the middle", () => {
  const stream = new MJPEGStream();
  const bare = without(picture(1), 0xc4);
  stream.addFrame(received(stream, bare));
  const { jpeg } = stream.newest!;
  assert.equal(jpeg.length, bare.length + STANDARD_HUFFMAN_TABLES.length);

  stream.addFrame(received(stream, picture(2)), {
    origin: { ...ORIGIN, stream: "x".repeat(2000) },
  });
  assert.equal(numberIn(stream.newest!.jpeg), 2);

  const room = stream.room(5000)!;
  room.set(picture(3), 100);
  stream.addFrame(room.subarray(100, 100 + picture(3).length));
  assert.deepEqual(Buffer.from(stream.newest!.jpeg), Buffer.from(picture(3)));
});

test("bytes behind the end of a picture are left out where it was received, too", () => {
  const stream = new MJPEGStream();
  const padded = Buffer.concat([picture(4), Buffer.alloc(300, 7)]);
  stream.addFrame(received(stream, padded));
  assert.deepEqual(Buffer.from(stream.newest!.jpeg), Buffer.from(picture(4)));
});

test("there is no room for a frame that is too large, nor in a stream that has stopped", () => {
  const stream = new MJPEGStream({ maxFrameBytes: 1000 });
  assert.equal(stream.room(1001), undefined);
  assert.equal(stream.offerFrame(picture(1, 1001)), undefined);
  assert.equal(stream.stats.refused.tooLarge, 1);
  assert.equal(stream.room(1000)?.length, 1000);
  stream.stop();
  assert.equal(stream.room(1000), undefined);
});

test("a room that never becomes a frame harms nobody", () => {
  const stream = new MJPEGStream({ ringbufferSize: 2 });
  const left: Uint8Array[] = [];
  for (let n = 0; n < 50; n++) {
    left.push(stream.room(2000)!);
    stream.addFrame(received(stream, picture(n, 2000)));
    for (const room of left) room.fill(n); // whoever has it may still write
    assert.deepEqual(Buffer.from(stream.newest!.jpeg), Buffer.from(picture(n, 2000)));
  }
});

test("a frame has reached those who follow when take returns, and what was lost is told with it", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const source = new Handed();
  const feeding = feed(stream, source, { keepWarm: true });
  t.after(() => feeding.stop());
  await eventually(() => source.sink !== undefined);
  const seen: number[] = [];
  stream.onFrame(({ jpeg }) => seen.push(numberIn(jpeg)));
  const { sink } = source;
  assert.ok(sink);
  assert.equal(sink.take({ jpeg: picture(1) }), true);
  assert.deepEqual(seen, [1]);
  sink.lost({ what: "lost", count: 3, why: "it was dark" });
  sink.take({ jpeg: Buffer.from("no picture") });
  sink.take({ jpeg: picture(2) });
  assert.deepEqual(seen, [1, 2]);
  const told = stream.newest?.lossesBefore?.map(({ what, count }) => `${what} ${count}`);
  assert.deepEqual(told, ["lost 3", "refused 1"]);
});

test("a run that is over takes nothing more, and gives no memory", { timeout }, async () => {
  const stream = new MJPEGStream();
  const source = new Handed();
  const feeding = feed(stream, source, { keepWarm: true });
  await eventually(() => source.sink !== undefined);
  const { sink } = source;
  sink?.take({ jpeg: picture(1) });
  await feeding.stop();
  assert.equal(source.settled, 1);
  assert.deepEqual([sink?.hasRoom, sink?.take({ jpeg: picture(2) })], [false, false]);
  assert.equal(sink?.room(100), undefined);
  sink?.lost({ what: "lost", count: 1, why: "late" });
  assert.deepEqual([stream.stats.added, stream.stats.lostBySource], [1, 0]);
});

test("a source that runs is told whether it was ended since it was silent", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const source = new Handed();
  const feeding = feed(stream, source, { keepWarm: true, startMs: 50, backOffMs: 10 });
  await eventually(() => source.sink !== undefined);
  const first = source.sink;
  await eventually(() => source.runs > 1);
  const second = source.sink;
  assert.deepEqual([first?.isSilent, second?.isSilent], [true, false]);
  await feeding.stop();
});

test("what goes wrong while a frame is taken is the failure of that run, and not thrown at the source", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const source = new Handed();
  const reasons: (string | undefined)[] = [];
  const onState = (_: string, reason?: string) => reasons.push(reason);
  const feeding = feed(stream, source, { keepWarm: true, backOffMs: 10, onState });
  await eventually(() => source.sink !== undefined);
  const broken = { jpeg: picture(1), origin: { ...ORIGIN, stream: "\ud800" } }; // cannot be written in a header
  assert.equal(source.sink?.take(broken), false); // its run has ended
  await eventually(() => source.runs > 1);
  assert.ok(reasons.some((reason) => reason?.includes("URI")));
  await feeding.stop();
});

test("an iterable that is left in the middle of a wait is told to return", {
  timeout,
}, async () => {
  const calls: string[] = [];
  const leaving = new AbortController();
  const source = fromIterable(() => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => leaving.abort()),
      return: async () => {
        calls.push("return");
        return { done: true, value: undefined };
      },
    }),
  }));
  await assert.rejects(source.run(new Handed().sink as never, leaving.signal), {
    name: "AbortError",
  });
  assert.deepEqual(calls, ["return"]);
});
