import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../../src/frames/frame.ts";
import { MemoryPool } from "../../src/frames/memory-pool.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";
import { cameraServer } from "../server/cameras.ts";
import { numberIn, picture } from "./pictures.ts";
import { eventually, serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;

/** Every way to get at a frame, by its name: adds frames to `stream`, and gives what it was handed. */
const WAYS: Record<string, (stream: MJPEGStream, add: () => void) => Promise<Frame[]>> = {
  async heldFrame(stream, add) {
    add();
    return [stream.heldFrame(stream.lastFrameIndex)];
  },
  async ringbufferEntry(stream, add) {
    add();
    return [await stream.ringbufferEntry(stream.lastFrameIndex)];
  },
  async bufferForReading(stream, add) {
    add();
    return [await stream.bufferForReading(stream.lastFrameIndex)];
  },
  async heldFrames(stream, add) {
    for (let n = 0; n < 3; n++) add();
    return stream.heldFrames;
  },
  async newest(stream, add) {
    add();
    return [stream.newest!];
  },
  async grab(stream, add) {
    const next = stream.grab();
    add();
    add();
    return [await next];
  },
  async frameAt(stream, add) {
    const next = stream.frameAt(stream.lastFrameIndex + 1);
    add();
    return [await next];
  },
  async capturedAfter(stream, add) {
    add();
    return [await stream.capturedAfter(0)];
  },
  async frames(stream, add) {
    const frames = stream.frames();
    const next = frames.next();
    add();
    const first = (await next).value!;
    add();
    return [first, (await frames.next()).value!];
  },
  async everyFrame(stream, add) {
    const frames = stream.everyFrame();
    const next = frames.next();
    for (let n = 0; n < 3; n++) add();
    const got = [(await next).value, (await frames.next()).value];
    return got.filter((value): value is Frame => value !== undefined && "jpeg" in value);
  },
  async onFrame(stream, add) {
    const seen: Frame[] = [];
    const end = stream.onFrame((frame) => seen.push(frame));
    for (let n = 0; n < 3; n++) add();
    end();
    return seen;
  },
  async variant(stream, add) {
    const frames = stream.variant({ width: 1000 }).frames();
    const next = frames.next();
    add();
    const first = (await next).value!;
    await frames.return();
    return [first];
  },
};

/** Adds a frame: every second one as a source does that receives it into the stream's own memory. */
function addOneWay(stream: MJPEGStream, jpeg: Uint8Array, n: number): void {
  const room = n % 2 === 0 ? stream.room(jpeg.length) : undefined;
  room?.set(jpeg);
  stream.addFrame(room ?? jpeg);
}

for (const [way, get] of Object.entries(WAYS)) {
  test(`a frame got by ${way} stays as it is while thousands follow, and while the stream is reset`, {
    timeout,
  }, async () => {
    const stream = new MJPEGStream({ ringbufferSize: 3 });
    let added = 0;
    const add = () => addOneWay(stream, picture(added, 2000), added++);
    const kept: { frame: Frame; bytes: Buffer }[] = [];
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < round; n++) add();
      for (const frame of await get(stream, add)) {
        kept.push({ frame, bytes: Buffer.from(frame.jpeg) });
      }
      if (round % 5 === 4) stream.reset();
    }
    for (let n = 0; n < 1000; n++) add();
    assert.ok(kept.length >= 20);
    for (const { frame, bytes } of kept) assert.deepEqual(Buffer.from(frame.jpeg), bytes);
  });
}

test("frames that only viewers have seen share a few pieces of memory", { timeout }, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 4 });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 1);
  const pieces = new Set<ArrayBufferLike>();
  stream.follow((stored) => pieces.add(stored.bytes("program").buffer));
  for (let n = 0; n < 200; n++) {
    addOneWay(stream, picture(n, 20_000 + 7 * n), n);
    await watcher.until(() => watcher.parts.length === n + 1);
  }
  assert.ok(pieces.size <= 6, `${pieces.size} pieces for a ring of 4`);
  assert.deepEqual(
    watcher.parts.map(({ jpeg }) => numberIn(jpeg)),
    Array.from({ length: 200 }, (_, n) => n),
  );
});

test("viewers who are behind, leave or stall get whole pictures while memory is used again", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const slow = Array.from({ length: 6 }, () => new Watcher(port, "/"));
  await eventually(() => stream.viewers.count === 6);
  const pieces = new Set<ArrayBufferLike>();
  const LAST = 90;
  let shown = 0;
  stream.follow((stored) => {
    shown += 1;
    pieces.add(stored.bytes("program").buffer);
  });
  for (let n = 0; n < LAST; n++) {
    // Larger than what the kernel takes at once, so that most of it waits for the viewer.
    addOneWay(stream, picture(n, 3_000_000 + 1000 * (n % 50)), n);
    if (n === LAST / 3) slow[0]!.socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.addFrame(picture(LAST, 1000));
  for (const watcher of slow.slice(1)) {
    await watcher.until(() => numberIn(watcher.parts.at(-1)?.jpeg ?? picture(0)) === LAST);
    for (const { headers, jpeg } of watcher.parts) {
      const n = Number(headers.get("x-frame-index"));
      const whole = n === LAST ? picture(LAST, 1000) : picture(n, 3_000_000 + 1000 * (n % 50));
      assert.ok(Buffer.from(jpeg).equals(whole), `frame ${n} came broken`);
    }
  }
  assert.ok(stream.stats.skippedFrames > 0, "nobody was behind: this test shows nothing");
  assert.ok(pieces.size < shown / 2, `${pieces.size} pieces for ${shown} pictures`);
});

test("a pool gives pieces that fit, and keeps few", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000_000 }), { maxLength: 60 }), (sizes) => {
      const pool = new MemoryPool();
      const inUse: Uint8Array[] = [];
      for (const size of sizes) {
        const piece = pool.take(size);
        assert.ok(piece.length >= size && !inUse.includes(piece));
        inUse.push(piece);
        if (inUse.length > 3) pool.giveBack(inUse.shift()!);
      }
    }),
    { numRuns: runs(200) },
  );
});

/** What a reader does, and how it is ended; while it goes on, and when it has gone, memory is used again. */
const READERS: Record<string, string> = {
  "all events": "/camera/events",
  "all properties": "/camera/properties",
  "the frames' event": "/camera/live_new_frame",
  "the frames' event by long polling": "/camera/live_new_frame/next",
  sizes: "/camera/live/sizes",
  "the size of the next": "/camera/live/next_frame_size",
  "what is held": "/camera/live/frames",
};

for (const [what, path] of Object.entries(READERS)) {
  test(`one reader of ${what} does not end the reuse of memory`, { timeout }, async (t) => {
    const { stream, port } = await cameraServer(t, { ringbufferSize: 4 });
    const reader = new Watcher(port, path, ["Accept: text/event-stream"]);
    await eventually(() => reader.head !== "" || stream.demand.active);
    const pieces = new Set<ArrayBufferLike>();
    stream.follow((stored) => pieces.add(stored.bytes("program").buffer));
    for (let n = 0; n < 100; n++) {
      if (n === 50) reader.socket.destroy();
      stream.addFrame(picture(n, 20_000));
      await new Promise(setImmediate);
    }
    assert.ok(pieces.size <= 8, `${pieces.size} pieces for a ring of 4`);
  });
}

test("one reader of whole frames ends the reuse of memory until it has gone", {
  timeout,
}, async (t) => {
  const { stream, port } = await cameraServer(t, { ringbufferSize: 4 });
  const reader = new Watcher(port, "/camera/live_frame", ["Accept: text/event-stream"]);
  await eventually(() => stream.demand.active);
  const pieces = new Set<ArrayBufferLike>();
  stream.follow((stored) => pieces.add(stored.bytes("program").buffer));
  for (let n = 0; n < 20; n++) {
    stream.addFrame(picture(n, 20_000));
    await new Promise(setImmediate);
  }
  reader.socket.destroy();
  await eventually(() => !stream.demand.active);
  pieces.clear();
  for (let n = 0; n < 50; n++) stream.addFrame(picture(n, 20_000));
  assert.ok(pieces.size <= 8, `${pieces.size} pieces for a ring of 4`);
});

test("a variant gives the stream's frames back when it has made them smaller, or shows the next", {
  timeout,
}, async () => {
  for (const options of [{ width: 1000 }, { fps: 1000 }]) {
    const stream = new MJPEGStream({ ringbufferSize: 2 });
    const release = stream.variant(options).demand.take();
    const pieces = new Set<ArrayBufferLike>();
    stream.follow((stored) => pieces.add(stored.bytes("program").buffer));
    for (let n = 0; n < 60; n++) {
      stream.addFrame(picture(n, 20_000));
      await new Promise(setImmediate);
    }
    release();
    assert.ok(pieces.size <= 8, `${pieces.size} pieces for a ring of 2`);
  }
});
