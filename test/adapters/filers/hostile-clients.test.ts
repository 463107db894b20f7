import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Camera, type Log, logTo } from "thingscope";
import { packagePath } from "../../../src/base/package-root.ts";
import { Elapsed } from "../../elapsed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { eventually } from "../../streams/watching.ts";
import { filersFor, PlainClient, playedFor } from "./network.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48);

/** A process of its own connects so often. @returns How many a second it were. */
async function crowd(port: number, count: number): Promise<number> {
  const script = packagePath("dist", "test", "adapters", "filers", "crowd.js");
  const args = [script, port, count, 1000].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: WAIT_MS });
  return Number(stdout);
}

/** What the log was told. */
function listening(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: logTo((level, message) => level !== "debug" && lines.push(message)) };
}

test("bad input is counted, told of in one line, and hurts nobody else", { timeout }, async (t) => {
  const { log, lines } = listening();
  const { camera, port, server, client: good } = await playedFor(t, {}, { log });
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

test("a client that goes on to talk nonsense is let go, and told why", { timeout }, async (t) => {
  const { port, server } = await filersFor(t);
  const client = new PlainClient(t, port);
  for (let n = 0; n < 100; n++) client.send("start_playing");
  await client.closed;
  assert.deepEqual(server.faults, { bad_message: 10 });
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
  timeout: TEST_MS,
}, async (t) => {
  const { log, lines } = listening();
  const { camera, port, server, client: good } = await playedFor(t, {}, { log });
  const over = new AbortController();
  const playing = playOn(camera, good, over.signal);
  await crowd(port, 500);
  await eventually(() => server.connections === 501);
  const before = await memoryHeld();
  const rate = await crowd(port, 2000);
  t.diagnostic(`${rate} connections a second`);
  await eventually(() => server.connections === 2501);
  await eventually(() => server.clients.length === 1);
  over.abort();
  const { frames, longestMs } = await playing;
  t.diagnostic(`${frames} frames meanwhile, at most ${Math.round(longestMs)} ms each`);
  assert.deepEqual([server.frames_sent, server.frames_skipped], [frames, 0]);
  assert.ok(longestMs < 2000, `${longestMs} ms`);
  assert.deepEqual(Object.keys(server.faults), ["too_many_clients"]);
  assert.equal(lines.length, 1, lines.join("\n"));
  const grown = ((await memoryHeldWithin(before + 5e6)) - before) / 1e6;
  assert.ok(grown < 5, `${grown} MB more are held`);
});

/** Adds a frame, waits until a client has it, and so on. @returns How many, and how long one took at most. */
async function playOn(camera: Camera, client: PlainClient, signal: AbortSignal) {
  let [frames, longestMs] = [0, 0];
  for (; !signal.aborted; frames++) {
    client.said.length = 0;
    const elapsed = new Elapsed();
    camera.mjpeg_stream.addFrame(JPEG);
    await client.heard("image");
    longestMs = Math.max(longestMs, elapsed.ms);
    await sleep(20);
  }
  client.said.length = 0;
  return { frames, longestMs };
}
