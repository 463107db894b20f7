import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FilersServer } from "thingscope/filers";
import { decodeRgb } from "thingscope/frames";
import { PIXEL_FORMATS } from "../../../src/frames/pixels/pixel-formats.ts";
import { join, jpegOf, segmentsOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { filersFor, PlainClient, playedFor } from "./network.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48);
const LARGE = await jpegOf(1600, 1200);

test("who plays is told of the recording and gets each picture, with who it is", {
  timeout,
}, async (t) => {
  const { camera, server, client } = await playedFor(t);
  assert.equal(server.clients[0]?.state, "requested");
  for (let n = 0; n < 3; n++) {
    camera.mjpeg_stream.addFrame(JPEG, { capturedAt: 1_000_000 + 40 * n });
    await client.heard("image", n + 1);
  }
  assert.deepEqual(client.names, ["started_recording", "image", "image", "image"]);
  assert.deepEqual(client.said[0]?.value, ["rgb24", 64, 48, 30]);
  const [planes, format, size, lines, metadata] = client.said[2]!.value as [
    ...[number[], string, number[], number[]],
    Record<string, unknown>,
  ];
  assert.deepEqual(
    [planes, format, size, lines],
    [[9216, 0, 0, 0], "rgb24", [64, 48], [192, 0, 0, 0]],
  );
  const { run, index, capturedAt } = camera.mjpeg_stream.heldFrame(1);
  const wall = new Date(capturedAt).toISOString();
  assert.deepEqual(metadata, { t: capturedAt / 1000, count: index, run, wall });
  const { data } = await decodeRgb(JPEG);
  assert.deepEqual(client.said[2]?.binary, Buffer.from(data));
  assert.equal(server.frames_sent, 3);
  const [{ address, state, sent, skipped } = {}] = server.clients;
  assert.deepEqual(
    { address, state, sent, skipped },
    { address: "127.0.0.1", state: "playing", sent: 3, skipped: 0 },
  );
});

test("the states are those of Filers", { timeout }, async (t) => {
  const { camera, port, server, host } = await filersFor(t, { recording: false });
  const states: string[] = [];
  host.get("filers").onEvent("client_changed", (data) => {
    states.push((data as { state: string }).state);
  });
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => server.clients[0]?.state === "requested");
  assert.equal(camera.mjpeg_stream.demand.active, false, "nobody records");
  client.send("started_playing");
  const [again] = await client.heard("exception");
  assert.deepEqual(again?.value, ["Client already notified that it is playing", ""]);
  server.start_network_recording();
  assert.equal(server.network_recording, true);
  camera.mjpeg_stream.addFrame(JPEG);
  await client.heard("image");
  server.stop_network_recording();
  await client.heard("stopped_recording");
  assert.equal(server.clients[0]?.state, "idle");
  assert.equal(camera.mjpeg_stream.demand.active, false);
  server.start_network_recording();
  assert.equal(camera.mjpeg_stream.demand.active, false, "it has to ask again");
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
  camera.mjpeg_stream.addFrame(JPEG);
  await client.heard("image", 2);
  client.send("stopped_playing");
  await client.heard("stopped_playing");
  assert.equal(camera.mjpeg_stream.demand.active, false);
  client.send("stopped_playing"); // Filers' own client does so when it leaves
  await client.heard("stopped_playing", 2);
  assert.deepEqual(client.names, [
    "exception",
    ...["started_recording", "image", "stopped_recording"],
    ...["started_recording", "image", "stopped_playing", "stopped_playing"],
  ]);
  assert.deepEqual(states, [
    ...["requested", "playing", "idle"],
    ...["requested", "playing", "idle"],
  ]);
});

test("all clients share one decode a frame, and each has counters of its own", {
  timeout,
}, async (t) => {
  const { camera, port, server } = await filersFor(t);
  const clients = [1, 2, 3].map(() => new PlainClient(t, port));
  for (const client of clients) client.send("started_playing");
  await eventually(
    () => server.clients.every(({ state }) => state === "requested") && server.clients.length === 3,
  );
  camera.mjpeg_stream.addFrame(JPEG);
  await Promise.all(clients.map((client) => client.heard("image")));
  clients[0]?.socket.destroy();
  await eventually(() => server.clients.length === 2);
  camera.mjpeg_stream.addFrame(JPEG);
  await Promise.all(clients.slice(1).map((client) => client.heard("image", 2)));
  assert.deepEqual(
    server.clients.map(({ sent, skipped }) => [sent, skipped]),
    [
      [2, 0],
      [2, 0],
    ],
  );
  assert.equal(server.frames_sent, 5);
  assert.equal(server.frames_decoded, 2);
});

test("a client that does not read is passed over, and its frames counted; another misses none", {
  timeout,
}, async (t) => {
  const { camera, port, server } = await filersFor(t);
  const slow = new PlainClient(t, port, false);
  const quick = new PlainClient(t, port);
  for (const client of [slow, quick]) client.send("started_playing");
  await eventually(() => server.clients.filter(({ state }) => state === "requested").length === 2);
  for (let n = 1; n <= 8; n++) {
    camera.mjpeg_stream.addFrame(LARGE);
    await quick.heard("image", n);
  }
  const [one, other] = [...server.clients].sort((a, b) => a.sent - b.sent);
  assert.deepEqual([other?.sent, other?.skipped], [8, 0]);
  assert.ok(one && one.sent >= 1 && one.sent <= 3, `${one?.sent} were sent to who does not read`);
  assert.equal(one.sent + one.skipped, 7, "the newest is still due");
  slow.socket.destroy();
  await eventually(() => server.clients.length === 1);
  assert.equal(
    server.frames_sent + server.frames_skipped,
    16,
    "it is counted when it has left, too",
  );
});

test("who has been slow gets the newest frame as soon as it has taken the one before", {
  timeout,
}, async (t) => {
  const { camera, server, client } = await playedFor(t);
  client.socket.pause();
  const fill = () => {
    camera.mjpeg_stream.addFrame(LARGE);
    return server.clients[0]!;
  };
  while (fill().skipped < 3) await sleep(20);
  client.socket.resume(); // and no frame comes any more
  const { lastFrameIndex } = camera.mjpeg_stream;
  await eventually(() => {
    const { value } = client.said.at(-1) ?? {};
    return Array.isArray(value) && value[4]?.count === lastFrameIndex;
  });
  const [{ sent, skipped } = { sent: 0, skipped: 0 }] = server.clients;
  assert.equal(sent + skipped, lastFrameIndex + 1);
});

test("frames that come faster than they are decoded are skipped, not waited for", {
  timeout,
}, async (t) => {
  const { camera, server, client } = await playedFor(t);
  const feeding = setInterval(() => camera.mjpeg_stream.offerFrame(LARGE), 2); // decoding takes longer
  await client.heard("image", 10).finally(() => clearInterval(feeding));
  await eventually(
    () => server.frames_sent + server.frames_skipped === camera.mjpeg_stream.lastFrameIndex + 1,
  );
  assert.ok(server.frames_skipped > 0);
});

test("a frame that cannot be decoded is counted, and the next one comes", {
  timeout,
}, async (t) => {
  const { camera, server, client } = await playedFor(t);
  const { end } = segmentsOf(LARGE).at(-1)!;
  const torn = join(LARGE.subarray(0, (end + LARGE.length) >> 1), [0, 0xff, 0xd9]);
  camera.mjpeg_stream.addFrame(torn);
  await eventually(() => server.frames_skipped === 1);
  assert.deepEqual(server.faults, { undecodable: 1 });
  camera.mjpeg_stream.addFrame(JPEG);
  await client.heard("image");
  await eventually(
    () => server.frames_sent + server.frames_skipped === camera.mjpeg_stream.lastFrameIndex + 1,
  );
});

test("each pixel format comes as it is asked for, at the width that is asked for", {
  timeout,
}, async (t) => {
  for (const pixel_format of PIXEL_FORMATS) {
    const { camera, client } = await playedFor(t, { pixel_format, width: 33 });
    camera.mjpeg_stream.addFrame(JPEG);
    const [image] = await client.heard("image");
    const [planes, format, size] = image!.value as [number[], string, number[]];
    assert.deepEqual([format, size], [pixel_format, [33, 25]]);
    assert.equal(
      planes.reduce((sum, bytes) => sum + bytes, 0),
      image?.binary.length,
    );
    const bytes = { rgb24: 2475, bgr24: 2475, gray: 825, yuv420p: 825 + 2 * 17 * 13 };
    assert.equal(image?.binary.length, bytes[pixel_format]);
  }
});

test("max_fps is kept, and what it leaves out is not counted as skipped", {
  timeout,
}, async (t) => {
  const { camera, server, client } = await playedFor(t, { max_fps: 1 });
  const began = performance.now();
  camera.mjpeg_stream.addFrame(JPEG);
  await client.heard("image");
  for (let n = 0; n < 10; n++) camera.mjpeg_stream.addFrame(JPEG); // the first of them is in time, the last is sent late
  await client.heard("image", 3);
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 0.7, `three pictures in ${seconds} s`);
  assert.equal(server.clients[0]?.skipped, 0);
});

test("options that do not fit are told of, one sentence for each fault", () => {
  const bad = { port: 70_000, pixel_format: "rgb", hots: "::1" };
  assert.throws(() => new FilersServer(bad as object), {
    code: "BAD_ARGUMENT",
    message:
      /^A FilersServer cannot be created with these options: .*'port'.*'pixel_format'.*'hots'|'hots'.*'port'.*'pixel_format'/,
  });
  assert.throws(() => new FilersServer({ host: "0.0.0.0" }), /has no login.*insecure: true/);
});

test("closing ends every connection, and the port is free", { timeout }, async (t) => {
  const { host, port } = await filersFor(t);
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => host.get("camera").state === "open");
  await host.close();
  await client.closed;
  const { port: again } = await filersFor(t, { port });
  assert.equal(again, port);
});
