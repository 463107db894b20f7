import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld } from "../memory.ts";
import { numberIn, picture } from "./pictures.ts";
import { eventually, serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;
const CHROMIUM = "User-Agent: Mozilla/5.0 HeadlessChrome/156.0";

test("each of many viewers gets every frame exactly once", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watchers = Array.from({ length: 20 }, () => new Watcher(port, "/"));
  await eventually(() => stream.viewers.count === 20);
  for (let n = 0; n < 60; n++) {
    stream.addFrame(picture(n, 20_000));
    await eventually(() => watchers.every(({ parts }) => parts.length === n + 1));
  }
  for (const watcher of watchers) {
    await watcher.until(() => watcher.parts.length === 60);
    const numbers = watcher.parts.map(({ jpeg }) => numberIn(jpeg));
    assert.deepEqual(
      numbers,
      Array.from({ length: 60 }, (_, n) => n),
    );
  }
  assert.equal(stream.stats.skippedFrames, 0);
  assert.equal(stream.stats.sentFrames, 1200);
});

test("the response says what it is, and its parts say which frames they are", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => {
    res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    stream.mjpegStreamResponse(req, res);
  });
  stream.addFrame(picture(3));
  const watcher = new Watcher(port, "/?streamId=5");
  await watcher.until(() => watcher.parts.length === 1);
  assert.match(watcher.head, /^HTTP\/1.1 200 OK\r\n/);
  assert.match(watcher.head, /Content-Type: multipart\/x-mixed-replace; boundary=frame\r\n/);
  assert.match(watcher.head, /Cache-Control: no-store\r\n/);
  assert.match(watcher.head, /X-Accel-Buffering: no\r\n/);
  assert.match(watcher.head, /Connection: close/);
  assert.match(watcher.head, /Cross-Origin-Resource-Policy: same-origin\r\n/);
  assert.doesNotMatch(watcher.head, /Transfer-Encoding|Content-Length/i);
  const { headers } = watcher.parts[0]!;
  assert.equal(headers.get("x-frame-index"), "0");
  assert.equal(headers.get("x-stream-run"), stream.run);
  assert.equal(Number(headers.get("x-timestamp")) * 1000 - stream.newest!.capturedAt < 0.001, true);
});

test("an HTTP/1.0 client gets the same stream", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/", [], "1.0");
  await eventually(() => stream.viewers.count === 1);
  for (let n = 0; n < 3; n++) stream.addFrame(picture(n));
  await watcher.until(() => watcher.parts.length === 3);
  assert.doesNotMatch(watcher.head, /Transfer-Encoding/i);
});

test("Chromium is sent the next part's headers in advance, unless the query says otherwise", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const advanced = "--frame\r\nContent-Type: image/jpeg\r\n\r\n";
  const jpeg = picture(0);
  const views = [
    new Watcher(port, "/", [CHROMIUM]),
    new Watcher(port, "/?advance=1"),
    new Watcher(port, "/?advance=0", [CHROMIUM]),
  ];
  await eventually(() => stream.viewers.count === 3);
  stream.addFrame(jpeg);
  const expected = `${advanced}${Buffer.from(jpeg).toString("latin1")}\r\n${advanced}`;
  for (const view of views.slice(0, 2)) {
    await view.until(() => view.rest.length >= expected.length);
    assert.equal(view.rest.toString("latin1"), expected);
  }
  await views[2]!.until(() => views[2]!.parts.length === 1);
  assert.equal(views[2]!.rest.toString("latin1"), "--frame\r\n");
});

test("a new viewer gets the newest frame at once if it is fresh", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  stream.addFrame(picture(0));
  const fresh = new Watcher(port, "/");
  await fresh.until(() => fresh.parts.length === 1);
  stream.reset();
  stream.addFrame(picture(1), { capturedAt: now() - 60_000 });
  const stale = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 2);
  stream.addFrame(picture(2));
  await stale.until(() => stale.parts.length === 1);
  assert.equal(numberIn(stale.parts[0]!.jpeg), 2);
});

test("a placeholder has no index and is shown to late viewers too, until a frame comes", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const early = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 1);
  stream.showPlaceholder(picture(99), "camera unplugged");
  const late = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 2);
  stream.addFrame(picture(0));
  for (const watcher of [early, late]) {
    await watcher.until(() => watcher.parts.length === 2);
    const [placeholder, frame] = watcher.parts;
    assert.equal(placeholder!.headers.get("x-placeholder"), "camera unplugged");
    assert.equal(placeholder!.headers.has("x-frame-index"), false);
    assert.equal(frame!.headers.get("x-frame-index"), "0");
  }
  assert.equal(stream.lastFrameIndex, 0);
});

test("a viewer that never reads is ended, and costs the others nothing", { timeout }, async (t) => {
  const stream = new MJPEGStream({ stallMs: 1000 });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const healthy = new Watcher(port, "/");
  const stalled = new Watcher(port, "/");
  stalled.socket.pause();
  await eventually(() => stream.viewers.count === 2);
  const start = now();
  let n = 0;
  while (stream.stats.endedStalled === 0) {
    stream.addFrame(picture(n++, 300_000));
    await healthy.until(() => healthy.parts.length === n);
    await sleep(2);
  }
  assert.ok(now() - start >= 1000);
  assert.deepEqual(
    healthy.parts.map(({ jpeg }) => numberIn(jpeg)),
    Array.from({ length: n }, (_, i) => i),
  );
  await eventually(() => stream.viewers.count === 1);
  assert.ok(stream.stats.skippedFrames > 0);
});

for (const bytes of [5_000, 300_000]) {
  test(`a viewer that resumes goes on with the newest frame (${bytes} bytes each)`, {
    timeout,
  }, async (t) => {
    const stream = new MJPEGStream();
    const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
    const watcher = new Watcher(port, "/");
    await eventually(() => stream.viewers.count === 1);
    watcher.socket.pause();
    let n = 0;
    while (stream.stats.skippedFrames < 5) {
      stream.addFrame(picture(n++, bytes));
      await new Promise(setImmediate);
    }
    watcher.socket.resume();
    const newest = n - 1; // no frame comes any more: the last must arrive by itself
    await watcher.until(() => watcher.parts.some(({ jpeg }) => numberIn(jpeg) === newest));
    const { sentFrames, skippedFrames } = stream.stats;
    assert.equal(sentFrames + skippedFrames, n);
    assert.equal(watcher.parts.length, sentFrames);
  });
}

test("a slow viewer that makes progress is not ended", { timeout }, async (t) => {
  const stream = new MJPEGStream({ stallMs: 1000 });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const slow = new Watcher(port, "/");
  await eventually(() => stream.viewers.count === 1);
  const sips = setInterval(() => {
    slow.socket.resume();
    setImmediate(() => slow.socket.pause());
  }, 5);
  t.after(() => clearInterval(sips));
  const end = now() + 2500;
  for (let n = 0; now() < end; n++) {
    stream.addFrame(picture(n, 200_000));
    await sleep(3);
  }
  assert.equal(stream.stats.endedStalled, 0);
  assert.equal(stream.viewers.count, 1);
  assert.ok(slow.parts.length > 5);
});

test("an idle stream does not end its viewers", { timeout }, async (t) => {
  const stream = new MJPEGStream({ stallMs: 50 });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/");
  stream.addFrame(picture(0));
  await watcher.until(() => watcher.parts.length === 1);
  await sleep(300);
  stream.addFrame(picture(1));
  await watcher.until(() => watcher.parts.length === 2);
});

test("more viewers than allowed are refused with a time to try again", { timeout }, async (t) => {
  const stream = new MJPEGStream({ maxViewers: 2 });
  const errors: unknown[] = [];
  const { port } = await serve(t, (req, res) => {
    try {
      stream.mjpegStreamResponse(req, res);
    } catch (error) {
      errors.push(error);
      res.writeHead(503).end();
    }
  });
  const watchers = [new Watcher(port, "/"), new Watcher(port, "/")];
  await eventually(() => stream.viewers.count === 2);
  const refused = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "5"]);
  assert.match(String(errors[0]), /already has 2 viewers/);
  assert.equal((await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" })).status, 200);
  assert.equal(stream.demand.count, 2);
  watchers[0]!.socket.destroy();
  await eventually(() => stream.viewers.count === 1);
  assert.deepEqual([stream.demand.count, stream.stats.refusedViewers], [1, 1]);
});

test("an unknown view is refused with a sentence before anything is sent", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => {
    try {
      stream.mjpegStreamResponse(req, res);
    } catch (error) {
      res.writeHead(400).end(String(error));
    }
  });
  const response = await fetch(`http://127.0.0.1:${port}/?advance=yes`);
  assert.match(await response.text(), /'advance' is "yes", but it must be 1/);
});

test("a stop ends stalled viewers too, at once", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { port, server } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const stalled = new Watcher(port, "/");
  stalled.socket.pause();
  await eventually(() => stream.viewers.count === 1);
  for (let n = 0; stream.stats.skippedFrames === 0; n++) {
    stream.addFrame(picture(n, 300_000));
    await new Promise(setImmediate);
  }
  const closed = new Promise((resolve) => server.close(resolve));
  stream.stop();
  await closed;
  await eventually(() => stream.viewers.count === 0);
});

test("viewers that reset their connection in the middle of a frame leave nothing behind", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  let n = 0;
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      const watchers = Array.from({ length: 10 }, () => new Watcher(port, "/"));
      for (const { socket } of watchers) socket.pause();
      await eventually(() => stream.viewers.count === 10);
      stream.addFrame(picture(n++, 200_000));
      for (const { socket } of watchers) socket.resetAndDestroy();
      await eventually(() => stream.viewers.count === 0);
    }
    return memoryHeld();
  };
  await rounds(20);
  const before = await rounds(5);
  const after = await rounds(75);
  assert.ok(after - before < 5e6, `${Math.round((after - before) / 1000)} kB more`);
  assert.equal(stream.demand.count, 0);
});
