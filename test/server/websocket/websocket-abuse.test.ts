import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { logTo } from "thingscope";
import { WebSocket } from "ws";
import { NotificationHub } from "../../../src/server/notifications/thing-notifications.ts";
import type { WebSockets } from "../../../src/server/websocket/server.ts";
import { TEST_MS } from "../../limits.ts";
import { fc, runs } from "../../property.ts";
import { halfAFrame } from "../hostile-clients.ts";
import { ask, converse } from "../requests.ts";
import { benchFor, clientOf, observeProperties } from "../websocket-bench.ts";

test("a client that breaks the rules is ended with the code that says why", {
  timeout: TEST_MS,
}, async (t) => {
  const warnings: string[] = [];
  const log = logTo((level, message) => {
    if (level === "warn") warnings.push(message);
  });
  const { url, port, sockets } = await benchFor(t, { pingMs: 500, maxConnections: 1 }, log);
  const large = await clientOf(url);
  large.say("x".repeat(2 ** 20));
  assert.equal((await once(large.client, "close"))[0], 1009);
  await allGone(sockets);
  const mangled = await clientOf(url);
  mangled.client.send(Buffer.from([0xff, 0xfe]), { binary: false });
  assert.equal((await once(mangled.client, "close"))[0], 1007);
  await allGone(sockets);
  const flooding = await clientOf(url);
  for (let n = 0; n < 10_000; n++) flooding.say("{}");
  const [code, reason] = await once(flooding.client, "close");
  assert.deepEqual([code, String(reason)], [1008, "More than 100 messages a second are too many."]);
  await allGone(sockets);
  const deaf = await clientOf(url, { autoPong: false });
  const full = new WebSocket(url);
  const [, { statusCode }] = await once(full, "unexpected-response");
  assert.equal(statusCode, 503);
  assert.equal((await once(deaf.client, "close"))[0], 1006);
  await allGone(sockets);
  const half = await halfAFrame(port, "/api/lamp/ws");
  await once(half, "close");
  await allGone(sockets);
  assert.deepEqual(sockets.stats, { connections: 0, opened: 5, replaced: 0, ended: 3 });
  assert.equal(warnings.length, 3);
});

test("a slow reader costs one buffer, and has the newest value of each property in the end", {
  timeout: TEST_MS,
}, async (t) => {
  const { lamp, url, sockets } = await benchFor(t);
  const { client, say, next } = await clientOf(url);
  say(observeProperties("label", "power"));
  say("{}");
  await next();
  client.pause();
  lamp.power = 1;
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 1000; n++) lamp.label = String(n).padEnd(100_000, ".");
  lamp.power = 2;
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 20e6, `${grown} bytes`);
  assert.ok(sockets.stats.replaced > 500, String(sockets.stats.replaced));
  client.resume();
  const newest: Record<string, unknown> = {};
  while (newest.power !== 2 || !String(newest.label).startsWith("999.")) {
    Object.assign(newest, Object(await next()).data);
  }
});

test("one client has half of the WebSockets at most: others get in", async (t) => {
  const { url } = await benchFor(t, { maxConnections: 6 });
  const open = async (localAddress: string) => {
    const socket = new WebSocket(url, { localAddress });
    const [answer] = await Promise.race([
      once(socket, "open").then(() => ["open"]),
      once(socket, "unexpected-response").then(([, { statusCode }]) => [statusCode]),
    ]);
    return answer;
  };
  for (let n = 0; n < 3; n++) assert.equal(await open("127.0.0.1"), "open");
  assert.equal(await open("127.0.0.1"), 503);
  assert.equal(await open("127.0.0.2"), "open");
});

test("an event or a property that is not there is refused and leaves nothing behind", async (t) => {
  const { host } = await benchFor(t);
  const notifications = new NotificationHub().of(host.get("lamp"));
  for (let n = 0; n < 10; n++) {
    for (const ask of [
      () => notifications.event(`no ${n}`),
      () => notifications.property(`no ${n}`),
    ]) {
      assert.throws(ask, { code: "UNKNOWN_AFFORDANCE" });
      assert.throws(ask, { code: "UNKNOWN_AFFORDANCE" }, "the second time, too");
    }
  }
  assert.equal(notifications.property("power"), notifications.property("power"));
});

test("random bytes on the port and on a WebSocket end connections, never the server", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, url } = await benchFor(t);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
      fc.pre(bytes.some((byte) => byte !== 0x0d && byte !== 0x0a)); // HTTP has empty lines before a request be ignored
      // The two line ends complete a header, so that the server need not wait for more of it.
      await converse(port, Buffer.concat([bytes, Buffer.from("\r\n\r\n")]));
    }),
    { numRuns: runs(200) },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 500 }), async (bytes) => {
      const { client } = await clientOf(url);
      const closed = once(client, "close");
      client.on("error", () => {});
      rawSocketOf(client).end(bytes);
      await closed;
    }),
    { numRuns: runs(200) },
  );
  assert.equal((await ask(port, { path: "/x" })).text, "plain /x");
});

/** A client knows of its end a little sooner than the server. */
async function allGone(sockets: WebSockets): Promise<void> {
  while (sockets.stats.connections > 0) await new Promise(setImmediate);
}

/** The TCP socket below a client, to write what no client would. */
function rawSocketOf(client: WebSocket): { end(bytes: Uint8Array): void } {
  return Reflect.get(client, "_socket");
}
