import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, type Served, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { SEED } from "../seed.ts";
import { openEvents } from "./event-streams.ts";
import { halfAFrame, randomFrom, sayRandomly } from "./hostile-clients.ts";

// A server in a process of its own, and clients that mean harm. THINGSCOPE_LONG=1 goes on for half an hour.
const LONG = process.env.THINGSCOPE_LONG === "1";
const RANDOM_MS = LONG ? 30 * 60_000 : 4000;
/** The first let V8's heap grow to what such a day takes; the others must not add to it. */
const [WARM_UPS, ROUNDS] = LONG ? [30, 270] : [2, 4];
const AT_ONCE = 8;
const MEGABYTE = 2 ** 20;
const MAX_GROWTH = 20 * MEGABYTE;

async function serveLamp(t: TestContext): Promise<Served & { port: number }> {
  const lamp = `${packagePath("dist", "test", "conformance", "lamp.js")}:Lamp`;
  const folder = await folderWith({ "lab.json": JSON.stringify({ things: { lamp } }) });
  const server = await serveCli(t, folder, "lab.json");
  return { ...server, port: Number(new URL(server.url).port) };
}

/** One of the server's own numbers. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Sets the lamp until `over`, ten times at least, and hears each value by server-sent events. @returns How many. */
async function healthyClient(t: TestContext, url: string, over: AbortSignal): Promise<number> {
  const events = await openEvents(t, `${url}/lamp/level`);
  let count = 0;
  for (; !over.aborted || count <= 10; count++) {
    const value = String(count % 101);
    const headers = { "Content-Type": "application/json" };
    const set = await fetch(`${url}/lamp/level`, { method: "PUT", headers, body: value });
    assert.equal(set.status, 204);
    assert.equal((await events.next()).data, value);
  }
  return count;
}

/** Everything of F17 once: large messages, floods, half frames, readers that do not read. */
async function abuse({ url, port }: { url: string; port: number }): Promise<void> {
  const at = `ws://127.0.0.1:${port}/lamp/ws`;
  const opened = async () => {
    const client = new WebSocket(at);
    client.on("error", () => {});
    await once(client, "open");
    return client;
  };
  const closed = async (client: WebSocket) => (await once(client, "close"))[0];
  const large = await opened();
  large.send("x".repeat(MEGABYTE));
  assert.equal(await closed(large), 1009);
  const flooding = await opened();
  for (let n = 0; n < 10_000; n++) flooding.send("{}");
  assert.equal(await closed(flooding), 1008);
  const halves = await Promise.all(Array.from({ length: 10 }, () => halfAFrame(port)));
  const deaf = await opened();
  deaf.send('{"messageType":"addPropertyObservation","data":{"level":true,"label":true}}');
  deaf.pause();
  const body = `"${"x".repeat(MEGABYTE)}"`;
  const headers = { "Content-Type": "application/json" };
  const put = await fetch(`${url}/lamp/label`, { method: "PUT", headers, body });
  assert.equal(put.status, 413);
  for (const half of halves) half.destroy();
  deaf.terminate();
}

test("large messages, floods and half frames on WebSockets leave memory flat, and others lose nothing", {
  timeout: LONG ? 3_600_000 : TEST_MS,
}, async (t) => {
  const server = await serveLamp(t);
  const over = new AbortController();
  const healthy = healthyClient(t, server.url, over.signal);
  for (let round = 0; round < WARM_UPS; round++) await abuse(server);
  const before = await metric(server.url, "process_resident_memory_bytes");
  for (let round = 0; round < ROUNDS; round++) await abuse(server);
  const grown = (await metric(server.url, "process_resident_memory_bytes")) - before;
  over.abort();
  await healthy;
  assert.ok(grown < MAX_GROWTH, `${Math.round(grown / MEGABYTE)} MB`);
  t.diagnostic(`${ROUNDS} rounds, ${await healthy} values heard, RSS ${grown / MEGABYTE} MB more`);
  while ((await metric(server.url, "thingscope_websocket_connections")) > 0);
  assert.equal(await server.stop(), 0);
});

test("random bytes on the HTTP port and on WebSockets never end the server, nor hold it up", {
  timeout: RANDOM_MS + TEST_MS,
}, async (t) => {
  const server = await serveLamp(t);
  const random = randomFrom(SEED);
  const over = AbortSignal.timeout(RANDOM_MS);
  const healthy = healthyClient(t, server.url, over);
  let said = 0;
  const shout = async () => {
    for (; !over.aborted || said <= 100; said++) await sayRandomly(server.port, random);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shout));
  const what = `${said} connections from THINGSCOPE_SEED=${SEED}`;
  await healthy;
  const [ticks, inTime] = await Promise.all([
    metric(server.url, "thingscope_event_loop_delay_seconds_count"),
    metric(server.url, 'thingscope_event_loop_delay_seconds_bucket\\{le="0.05"\\}'),
  ]);
  const told = `${ticks - inTime} of ${ticks} ticks of the event loop came over 50 ms late`;
  t.diagnostic(`${what}; ${await healthy} values heard; ${told}`);
  if (LONG) assert.ok(ticks - inTime <= ticks / 100, `The event loop was held up: ${told}`);
  assert.deepEqual(
    server.lines.filter(({ level }) => level >= 50),
    [],
    what,
  );
  assert.equal(await server.stop(), 0, what);
});
