import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { Outbox } from "../../../src/server/websocket/outbox.ts";
import { SocketSession } from "../../../src/server/websocket/session.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";

const timeout = TEST_MS;

/** Both ends of a WebSocket. */
async function pair(t: TestContext): Promise<{ own: WebSocket; client: WebSocket }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.after(() => client.terminate());
  const [own] = await once(server, "connection", { signal: patience() });
  if (client.readyState !== client.OPEN) await once(client, "open", { signal: patience() });
  return { own, client };
}

/** More than the kernel holds between both ends, so that nothing that is sent behind it leaves. */
function stuff(socket: WebSocket): void {
  for (let n = 0; n < 16; n++) socket.send(Buffer.alloc(2 ** 20));
}

test("what waits does not wait for frames and notifications that are sent beside it", {
  timeout,
}, async (t) => {
  const { own, client } = await pair(t);
  client.pause();
  stuff(own);
  let emptied = 0;
  const outbox = new Outbox(own, assert.fail, () => emptied++);
  outbox.send("answer", () => "here");
  assert.deepEqual([outbox.isEmpty, emptied], [true, 1]);
  const texts: string[] = [];
  client.on("message", (data, isBinary) => isBinary || texts.push(String(data)));
  client.resume();
  await eventually(() => texts.length > 0);
  assert.deepEqual(texts, ["here"]);
});

test("what waits for its own reader keeps the newest of each key, and leaves when that reads", {
  timeout,
}, async (t) => {
  const { own, client } = await pair(t);
  client.pause();
  stuff(own);
  const outbox = new Outbox(own, assert.fail, () => {});
  outbox.send("large", () => "x".repeat(2 ** 20));
  for (let n = 1; n <= 10; n++) outbox.send("level", () => `level ${n}`);
  assert.equal(outbox.replaced, 9);
  const texts: string[] = [];
  client.on("message", (data, isBinary) => isBinary || texts.push(String(data)));
  client.resume();
  await eventually(() => texts.length > 1);
  assert.deepEqual([texts.slice(1), outbox.isEmpty], [["level 10"], true]);
});

/** Counts what it is told. */
class Hearing extends SocketSession {
  heard = 0;
  protected override receive(): void {
    this.heard += 1;
  }
}

test("a client that talks and does not listen is not read any more, until it listens", {
  timeout,
}, async (t) => {
  const { own, client } = await pair(t);
  const session = new Hearing(own, { burst: 1000, perSecond: 1000 });
  client.pause();
  stuff(own);
  for (const key of ["large", "waiting"]) session.outbox.send(key, () => "x".repeat(2 ** 20));
  for (let n = 0; n < 200; n++) client.send("y".repeat(10_000));
  await eventually(() => own.isPaused);
  assert.equal(session.heard, 0);
  client.resume();
  await eventually(() => session.heard === 200);
  assert.equal(own.isPaused, false);
});
