import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { logTo } from "thingscope";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { thorVisionFor } from "./serving.ts";

const HALVES = [
  "GET /cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
  "POST /jpeg HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4294967296\r\n\r\n{",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n",
  "",
];
const CONNECTIONS = process.env.THINGSCOPE_LONG ? 20_000 : 3000;

/** Connects, says something, and hangs up. */
async function hangUp(port: number, text: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  const gone = once(socket, "close");
  socket.write(text, "latin1", () => setImmediate(() => socket.destroy()));
  const cut = setTimeout(() => socket.destroy(), 2000);
  await gone;
  clearTimeout(cut);
}

test("half heads, bodies of 4 GB and a thousand connections a second: counted, one line in the log, others are served, memory is flat", {
  timeout: TEST_MS,
}, async (t) => {
  const lines: string[] = [];
  const log = logTo((level, message) => level === "warn" && lines.push(message));
  const { thing, ask, port } = await thorVisionFor(t, undefined, { log });
  const crowd = async (count: number) => {
    for (let n = 0; n < count; n += 20) {
      await Promise.all(HALVES.concat(HALVES, HALVES, HALVES).map((text) => hangUp(port, text)));
      await sleep(20); // about a thousand a second
    }
  };
  await crowd(400);
  const before = await memoryHeld();
  const slowest: number[] = [];
  let over = false;
  const healthy = (async () => {
    while (!over) {
      const { status, took } = await ask("/cameras");
      assert.equal(status, 200);
      slowest.push(took);
      await sleep(100);
    }
  })();
  await crowd(CONNECTIONS);
  over = true;
  await healthy;
  const held = await memoryHeldWithin(before + 4e6);
  assert.ok(held - before < 4e6, `${held - before} bytes more are held`);
  assert.ok(slowest.length > 5 && Math.max(...slowest) < 2000, `${Math.max(...slowest)} ms`);
  const counts = thing.complaints;
  assert.ok((counts.bad_request ?? 0) > 100, JSON.stringify(counts));
  assert.ok((counts.refused ?? 0) > 100, JSON.stringify(counts));
  assert.ok(lines.length <= Object.keys(counts).length, lines.join("\n"));
});
