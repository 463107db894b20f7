import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { renderSvg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { derive } from "../../src/streams/derive.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";
import { eventually, serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;
const size = { width: 640, height: 480 };
const large = await renderSvg(`<svg><circle cx="320" cy="240" r="200" fill="orange"/></svg>`, size);

test("ten viewers of one size share one encode a frame, under the stream's own identity", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watchers = Array.from({ length: 10 }, () => new Watcher(port, "/?width=160&quality=60"));
  const plain = new Watcher(port, "/");
  await eventually(() => stream.stats.viewers === 11);
  for (let n = 0; n < 5; n++) {
    stream.addFrame(large);
    await eventually(() => watchers.every(({ parts }) => parts.length === n + 1));
  }
  assert.equal(stream.stats.encodes, 5);
  assert.equal(stream.demand.count, 2);
  await plain.until(() => plain.parts.length === 5);
  for (const { parts } of watchers) {
    for (const [n, { headers, jpeg }] of parts.entries()) {
      assert.equal(inspectJpeg(jpeg).width, 160);
      for (const name of ["x-frame-index", "x-stream-run", "x-timestamp"]) {
        assert.equal(headers.get(name), plain.parts[n]!.headers.get(name));
      }
    }
  }
});

test("variants of one size at several rates share its encodes, and a snapshot of that size does", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const options = { width: 160, quality: 60 };
  const [every, fifth] = [{ fps: undefined }, { fps: 5 }].map(({ fps }) =>
    stream.variant({ ...options, ...(fps && { fps }) }).frames(),
  );
  const slow = fifth!.next();
  for (let n = 0; n < 10; n++) {
    const next = every!.next();
    stream.addFrame(large);
    assert.equal((await next).value?.index, n);
    await sleep(20);
  }
  assert.ok((await slow).value);
  assert.equal(stream.stats.encodes, 10);
  const snapshot = await stream.variant({ ...options, fps: 1 }).grab();
  assert.equal(snapshot.index, 9);
  assert.equal(stream.stats.encodes, 10);
});

test("equal options give the same variant, none gives the stream itself", () => {
  const stream = new MJPEGStream();
  assert.equal(stream.variant({ width: 320, fps: 5 }), stream.variant({ fps: 5, width: 320 }));
  assert.notEqual(stream.variant({ width: 320 }), stream.variant({ width: 640 }));
  assert.equal(stream.variant({}), stream);
});

test("nothing is encoded while nobody asks", { timeout }, async () => {
  const stream = new MJPEGStream();
  const variant = stream.variant({ width: 160 });
  stream.addFrame(large);
  assert.equal(stream.demand.count, 0);
  const frame = await variant.grab();
  assert.deepEqual([frame.index, frame.width, stream.stats.encodes], [0, 160, 1]);
  assert.equal(stream.demand.count, 0);
  stream.addFrame(large);
  await sleep(50);
  assert.equal(stream.stats.encodes, 1);
});

test("frames that come during an encode give way to the newest", { timeout }, async () => {
  const stream = new MJPEGStream();
  const indices: number[] = [];
  const reader = stream.variant({ width: 320 }).frames();
  const first = reader.next();
  for (let n = 0; n < 20; n++) stream.addFrame(large);
  indices.push((await first).value!.index, (await reader.next()).value!.index);
  assert.deepEqual(indices, [0, 19]);
  assert.equal(stream.stats.encodes, 2);
});

test("a picture is not enlarged: the stream's own frame is handed on", { timeout }, async () => {
  const stream = new MJPEGStream();
  const wait = stream.variant({ width: 1000 }).grab();
  stream.addFrame(large);
  assert.equal(await wait, stream.newest);
  assert.equal(stream.stats.encodes, 0);
});

test("a rate is kept from a jittering source of twice the rate, and the last frame comes", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const reader = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { index } of stream.variant({ fps: 20 }).frames(reader.signal))
      seen.push(index);
  })();
  const periodMs = 1000 / 20;
  const from = now();
  const periods = new Set<number>(); // in which a frame came: on a busy machine they are further apart
  for (let n = 0; n < 40; n++) {
    periods.add(Math.floor((now() - from) / periodMs));
    stream.addFrame(picture(n));
    await sleep(n % 2 ? 20 : 30);
  }
  await eventually(() => seen.at(-1) === 39);
  const most = (now() - from) / periodMs + 2;
  assert.ok(
    seen.length >= periods.size * 0.75 && seen.length <= most,
    `${seen.length} of 40 frames, which came in ${periods.size} periods`,
  );
  reader.abort();
  await reading;
});

test("a frame whose data is damaged is made smaller as far as it goes, as browsers show it", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const reader = stream.variant({ width: 160 }).frames();
  const next = reader.next();
  const broken = Buffer.from(large);
  broken.fill(0x55, inspectJpeg(large).scanAt + 20, large.length - 2);
  stream.addFrame(broken);
  assert.equal((await next).value?.width, 160);
  assert.equal(stream.stats.encodeFailures, 0);
});

test("a stop ends the viewers of variants, and a new run serves new ones", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/?fps=10");
  await eventually(() => stream.stats.viewers === 1);
  stream.stop();
  await watcher.untilClosed();
  stream.reset();
  const again = new Watcher(port, "/?fps=10");
  await eventually(() => stream.stats.viewers === 1);
  stream.addFrame(picture(0));
  await again.until(() => again.parts.length === 1);
});

test("viewers of variants see placeholders too", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  stream.showPlaceholder(picture(1), "no camera");
  const late = new Watcher(port, "/?fps=10");
  await late.until(() => late.parts.length === 1);
  stream.showPlaceholder(picture(2), "still no camera");
  await late.until(() => late.parts.length === 2);
  assert.equal(late.parts[1]!.headers.get("x-placeholder"), "still no camera");
});

test("a frame that is still being made smaller does not hide the placeholder that has come since", {
  timeout,
}, async (t) => {
  const parent = new MJPEGStream();
  const child = new MJPEGStream();
  t.after(derive(parent, child, { width: 160 }));
  const { port } = await serve(t, (req, res) => {
    const stream = req.url === "/child" ? child : parent;
    stream.mjpegStreamResponse(req, res);
  });
  const watchers = ["/?width=320", "/?fps=4", "/child"].map((path) => new Watcher(port, path));
  await eventually(() => parent.demand.count === 3);
  for (let n = 0; n < 3; n++) {
    const { encodes } = parent.stats;
    parent.addFrame(large);
    parent.addFrame(large); // waits in the pacer
    parent.showPlaceholder(picture(n), "The cable is out.");
    await eventually(() => parent.stats.encodes >= encodes + 2);
    await sleep(300); // the pacer's time has come
    for (const watcher of watchers) {
      await watcher.until(() => watcher.parts.length > 0);
      assert.ok(watcher.parts.at(-1)!.headers.has("x-placeholder"), watcher.path);
    }
  }
  const seen = watchers.map(({ parts }) => parts.length);
  parent.addFrame(large);
  for (const [n, watcher] of watchers.entries()) {
    await watcher.until(() => watcher.parts.length > seen[n]!);
    assert.ok(watcher.parts.at(-1)!.headers.has("x-frame-index"), watcher.path);
  }
});

test("bad options are refused with a sentence", () => {
  const stream = new MJPEGStream();
  const bad = { code: "BAD_ARGUMENT" };
  assert.throws(() => stream.variant({ width: 0 }), /'width' must be an integer from 16 to 8192/);
  assert.throws(() => stream.variant({ width: 320.5 }), bad);
  assert.throws(() => stream.variant({ quality: 101 }), bad);
  assert.throws(() => stream.variant({ fps: Number.NaN }), bad);
});

for (const query of ["width=big", "width=", "fps=-1", "quality=1e9"]) {
  test(`?${query} is refused before anything is sent`, { timeout }, async (t) => {
    const stream = new MJPEGStream();
    const { port } = await serve(t, (req, res) => {
      assert.throws(() => stream.mjpegStreamResponse(req, res), { code: "BAD_ARGUMENT" });
      res.writeHead(400).end();
    });
    assert.equal((await fetch(`http://127.0.0.1:${port}/?${query}`)).status, 400);
  });
}

test("more than 16 different variants at a time are refused, unused ones give way", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => {
    try {
      stream.mjpegStreamResponse(req, res);
    } catch (error) {
      res.writeHead(503).end(String(error));
    }
  });
  for (let n = 0; n < 40; n++) stream.variant({ width: 100 + n });
  const watchers = Array.from({ length: 16 }, (_, n) => new Watcher(port, `/?width=${200 + n}`));
  await eventually(() => stream.stats.viewers === 16);
  const refused = await fetch(`http://127.0.0.1:${port}/?width=300`);
  assert.match(await refused.text(), /16 different sizes/);
  watchers[0]!.socket.destroy();
  await eventually(() => stream.stats.viewers === 15);
  new Watcher(port, "/?width=300");
  await eventually(() => stream.stats.viewers === 16);
});

test("a derived stream has its own run and names its parent's frame as origin", {
  timeout,
}, async () => {
  const parent = new MJPEGStream({ name: "camera/mjpeg_stream" });
  const child = new MJPEGStream();
  const end = derive(parent, child, { width: 160 });
  assert.equal(parent.demand.count, 0);
  for (let n = 0; n < 3; n++) parent.addFrame(large);
  const wait = child.grab();
  assert.ok(parent.demand.active);
  const added = parent.newest!;
  const frame = await wait;
  assert.deepEqual([frame.index, frame.width, frame.capturedAt], [0, 160, added.capturedAt]);
  assert.deepEqual(frame.origin, {
    stream: "camera/mjpeg_stream",
    run: added.run,
    index: 2,
    capturedAt: added.capturedAt,
  });
  await eventually(() => parent.demand.count === 0);
  end();
});

test("a derived stream stops and starts with its parent", { timeout }, async () => {
  const parent = new MJPEGStream();
  const child = new MJPEGStream();
  const release = child.demand.take();
  derive(parent, child, { fps: 1000 });
  parent.addFrame(picture(0));
  assert.equal(child.lastFrameIndex, -1); // it arrives with the next turn of the loop
  await eventually(() => child.lastFrameIndex === 0);
  parent.stop();
  assert.equal(child.streaming, false);
  parent.reset();
  assert.equal(child.streaming, true);
  parent.addFrame(picture(1));
  await eventually(() => child.lastFrameIndex === 0);
  release();
  await eventually(() => !parent.demand.active);
});
