import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { FramesSession } from "../../../src/server/websocket/frames.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { FramesClient, framesClient } from "./frames-client.ts";
import { twoStreams } from "./two-streams.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(320, 240);

test("a client that acknowledges what it has not read costs one frame of memory, not more", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  const large = await jpegOf(2400, 1800, { quality: 95 });
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  client.socket.pause();
  // What kernels hold is filled first: then nothing that is sent leaves.
  for (let n = 0; n < 30; n++) {
    live.addFrame(large);
    for (let k = 0; k < 5; k++) client.taken(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const sent = live.stats.sentFrames;
  for (let n = 0; n < 10; n++) {
    live.addFrame(large);
    for (let k = 0; k < 5; k++) client.taken(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(live.stats.sentFrames, sent);
  client.socket.resume();
  await eventually(() => client.waiting > 0);
});

test("a client whose frames are stuck is heard as before: a heartbeat that is due holds up nothing it says", {
  timeout,
}, async (t) => {
  const { url, thing, live } = await twoStreams(t);
  const [client, other] = [await framesClient(t, url), await framesClient(t, url)];
  const large = await jpegOf(2400, 1800, { quality: 95 });
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  client.socket.pause();
  for (let sent = -1, n = 0; live.stats.sentFrames > sent || n < 20; n++) {
    sent = live.stats.sentFrames;
    live.addFrame(large);
    client.taken(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (let beats = 0; beats < 2; beats++) await other.heartbeat();
  client.subscribe(2, "camera/other");
  await eventually(() => thing.other.stats.viewers === 1);
});

test("a stream whose frame a client does not take is watched no more until it does: a tab in the browser's cache keeps no camera on", {
  timeout,
}, async (t) => {
  const { host, live } = await twoStreams(t);
  const sockets = new WebSocketServer({ port: 0 });
  t.after(() => sockets.close());
  sockets.on("connection", (socket) => new FramesSession(socket, host, "", 100));
  const { port } = Object(sockets.address());
  const client = new FramesClient(new WebSocket(`ws://127.0.0.1:${port}`));
  t.after(() => client.socket.terminate());
  await once(client.socket, "open");
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  live.addFrame(JPEG);
  await client.frame();
  await eventually(() => live.demand.count === 0 && live.stats.viewers === 0);
  live.addFrame(JPEG);
  client.taken(1);
  const { index } = await client.frame();
  assert.deepEqual([index, live.demand.count], [1, 1]);
  await eventually(() => live.demand.count === 0);
  client.say({ unsubscribe: 1 });
  client.subscribe(2, "camera/live");
  await eventually(() => live.demand.count === 1);
});

test("messages that say nothing sensible are answered with what they should be, and the streams go on", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  const cases: [message: unknown, id: unknown, code: string, detail: RegExp][] = [
    ["no JSON", null, "BAD_ARGUMENT", /must have 'subscribe' or 'unsubscribe'/],
    ["[]", null, "BAD_ARGUMENT", /must have 'subscribe'/],
    [{ subscribe: -1, stream: "camera/live" }, -1, "BAD_ARGUMENT", /an integer from 0/],
    [{ subscribe: "1", stream: "camera/live" }, "1", "BAD_ARGUMENT", /an integer from 0/],
    [{ subscribe: 2 }, 2, "NOT_FOUND", /no stream 'undefined'/],
    [{ subscribe: 2, stream: "camera/constructor" }, 2, "NOT_FOUND", /camera\/constructor/],
    [{ subscribe: 2, stream: "../camera/live" }, 2, "NOT_FOUND", /camera\/live/],
    [{ subscribe: 2, stream: "camera/live", width: 3 }, 2, "BAD_ARGUMENT", /width/],
    [{ subscribe: 2, stream: "camera/live", fps: "many" }, 2, "BAD_ARGUMENT", /fps/],
  ];
  for (const [message, id, code, detail] of cases) {
    client.say(message);
    const problem = await client.problem();
    assert.deepEqual([problem.id, problem.code], [id, code], JSON.stringify(message));
    assert.match(problem.detail, detail);
  }
  client.taken(99); // nothing that is there
  client.socket.send(Buffer.from([1, 2, 3]));
  client.say({ unsubscribe: 99 });
  live.addFrame(JPEG);
  assert.equal((await client.frame()).id, 1);
});

test("a WebSocket has 64 subscriptions at most", { timeout }, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  for (let id = 0; id < 65; id++) client.subscribe(id, "camera/live");
  const { id, code, detail } = await client.problem();
  assert.deepEqual([id, code], [64, "TOO_MANY_VIEWERS"]);
  assert.match(detail, /64 subscriptions.*End one first/);
  assert.equal(live.stats.viewers, 64);
  client.socket.close();
  await eventually(() => live.stats.viewers === 0 && live.demand.count === 0);
});

test("a client that subscribes again and again and reads nothing is refused when 128 frames wait for it", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  const large = await jpegOf(800, 600, { quality: 95 });
  const refresh = setInterval(() => live.addFrame(large), 50);
  t.after(() => clearInterval(refresh));
  await eventually(() => live.lastFrameIndex > 0);
  client.socket.pause();
  for (let n = 0; n < 300; n++) client.subscribe(1, "camera/live");
  await eventually(() => live.stats.sentFrames >= 128);
  client.socket.resume();
  assert.match((await client.problem()).detail, /128 frames wait.*Read them, then subscribe again/);
});

test("a client that subscribes without end is told so and closed, and others are served meanwhile", {
  timeout,
}, async (t) => {
  const { url, live, json } = await twoStreams(t);
  const client = await framesClient(t, url);
  const closed = once(client.socket, "close", { signal: patience() });
  for (let n = 0; n < 10_000; n++) client.subscribe(n, "camera/live", { fps: 1 + n / 1000 });
  const [code, reason] = await closed;
  assert.deepEqual(
    [code, String(reason)],
    [1008, "More than 100 text messages a second are too many."],
  );
  assert.ok(await json("/health"));
  await eventually(() => live.stats.viewers === 0 && live.demand.count === 0);
});
