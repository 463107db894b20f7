import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { decodeRgb, type Log, logTo } from "thingscope";
import { FilersServer } from "thingscope/filers";
import { packagePath } from "../../../src/base/package-root.ts";
import { PIXEL_FORMATS } from "../../../src/frames/pixel-formats.ts";
import { join, jpegOf, segmentsOf } from "../../frames/jpegs.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { eventually } from "../../outputs/watching.ts";
import { filersFor, PlainClient } from "./network.ts";

const timeout = 30_000;
const JPEG = await jpegOf(64, 48);
const LARGE = await jpegOf(1600, 1200);

test("who plays is told of the recording and gets each picture, with who it is", {
  timeout,
}, async (t) => {
  const { camera, port, server } = await filersFor(t);
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
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
  const { camera, port, server } = await filersFor(t);
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
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
  const { camera, port, server } = await filersFor(t);
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
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
  const { camera, port, server } = await filersFor(t);
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
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
    const { camera, port } = await filersFor(t, { pixel_format, width: 33 });
    const client = new PlainClient(t, port);
    client.send("started_playing");
    await eventually(() => camera.mjpeg_stream.demand.active);
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
  const { camera, port, server } = await filersFor(t, { max_fps: 10 });
  const client = new PlainClient(t, port);
  client.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
  const began = performance.now();
  const feeding = setInterval(() => camera.mjpeg_stream.addFrame(JPEG), 10);
  await client.heard("image", 11).finally(() => clearInterval(feeding));
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 0.7, `eleven pictures in ${seconds} s`);
  assert.equal(server.clients[0]?.skipped, 0);
});

test("options that do not fit are told of, one sentence for each fault", () => {
  const bad = { port: 70_000, pixel_format: "rgb", hots: "::1" };
  assert.throws(() => new FilersServer(bad as object), {
    code: "BAD_ARGUMENT",
    message:
      /^A FilersServer cannot be made with these options: .*'port'.*'pixel_format'.*'hots'|'hots'.*'port'.*'pixel_format'/,
  });
  assert.throws(() => new FilersServer({ host: "0.0.0.0" }), /knows no login.*insecure: true/);
});

/** A process of its own connects so often. @returns How many a second it were. */
async function crowd(port: number, count: number): Promise<number> {
  const script = packagePath("dist", "test", "adapters", "filers", "crowd.js");
  const args = [script, port, count, 1000].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 50_000 });
  return Number(stdout);
}

/** What the log was told. */
function listening(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: logTo((level, message) => level !== "debug" && lines.push(message)) };
}

test("bad input is counted, told of in one line, and hurts nobody else", { timeout }, async (t) => {
  const { log, lines } = listening();
  const { camera, port, server } = await filersFor(t, {}, { log });
  const good = new PlainClient(t, port);
  good.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
  const attack = async (bytes: Uint8Array) => {
    const client = new PlainClient(t, port);
    client.socket.end(bytes);
    await client.closed;
  };
  const head = (text: number, binary: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(text, 0);
    bytes.writeUInt32BE(binary, 4);
    return bytes;
  };
  const message = (text: string) => Buffer.concat([head(text.length, 0), Buffer.from(text)]);
  const bomb = `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [${Array(200).fill("*b").join(",")}]`;
  for (let n = 0; n < 20; n++) {
    await attack(head(1, 0).subarray(0, 4)); // half a header
    await attack(Buffer.concat([head(100, 0), Buffer.from("half")]));
    await attack(head(0xffffffff, 0)); // 4 GB
    await attack(head(0, 0xffffffff));
    await attack(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await attack(message(bomb));
    await attack(message("[image, null]"));
    await attack(message("x".repeat(5000)));
    await attack(Buffer.concat([head(5, 1), Buffer.from("[a,1]!")])); // binary, which no client sends
  }
  await eventually(() => server.clients.length === 1);
  assert.deepEqual(server.faults, { half_message: 40, bad_length: 60, bad_message: 80 });
  assert.equal(lines.length, 3, lines.join("\n"));
  camera.mjpeg_stream.addFrame(JPEG);
  await good.heard("image");
  assert.deepEqual(good.names, ["started_recording", "image"]);
});

test("a client that asks without reading is let go", { timeout }, async (t) => {
  const { port, server } = await filersFor(t);
  const client = new PlainClient(t, port, false);
  const flood = setInterval(() => {
    for (let n = 0; n < 1000; n++) client.send("stopped_playing");
  }, 1);
  t.after(() => clearInterval(flood));
  await client.closed;
  assert.deepEqual(server.faults, { does_not_read: 1 });
});

test("a thousand connections a second are counted, in one line; who plays goes on, and memory stays", {
  timeout: 60_000,
}, async (t) => {
  const { log, lines } = listening();
  const { camera, port, server } = await filersFor(t, {}, { log });
  const good = new PlainClient(t, port);
  good.send("started_playing");
  await eventually(() => camera.mjpeg_stream.demand.active);
  let frames = 0;
  const feeding = setInterval(() => {
    if (camera.mjpeg_stream.offerFrame(JPEG)) frames++;
  }, 33);
  t.after(() => clearInterval(feeding));
  await crowd(port, 500);
  await eventually(() => server.connections === 501);
  good.said.length = 0;
  const before = await memoryHeld();
  const seen = server.connections;
  const rate = await crowd(port, 2000);
  t.diagnostic(`${rate} connections a second`);
  await eventually(() => server.connections - seen === 2000);
  await eventually(() => server.clients.length === 1);
  clearInterval(feeding);
  await eventually(() => server.frames_sent + server.frames_skipped === frames);
  assert.deepEqual(Object.keys(server.faults), ["too_many_clients"]);
  assert.equal(lines.length, 1, lines.join("\n"));
  const [{ sent, skipped } = { sent: 0, skipped: 1 }] = server.clients;
  assert.ok(
    skipped <= 1 + sent / 20,
    `${skipped} skipped, ${sent} sent, on a machine that does all of this`,
  );
  good.said.length = 0;
  const grown = ((await memoryHeldWithin(before + 5e6)) - before) / 1e6;
  assert.ok(grown < 5, `${grown} MB more are held`);
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
