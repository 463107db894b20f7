import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as fc from "fast-check";
import { action, type Log, logTo, property, silentLog, Thing, ThingHost } from "thingscope";
import { Type } from "typebox";
import { WebSocket } from "ws";
import { AccessPolicy } from "../../src/server/access.ts";
import { serveWebSockets, type WebSockets } from "../../src/server/websocket.ts";
import { ask, converse, serverFor } from "./requests.ts";

class Lamp extends Thing {
  @property("Power", Type.Number()) accessor power = 0;
  @property("Label", Type.String()) accessor label = "";
  @property("A loop", Type.Unknown()) accessor loop: unknown = null;
  @property("Heat", Type.Number()) get heat(): number {
    return this.power * 2;
  }
  @action("Blink") async blink(): Promise<void> {}
  @action("Fail") async fail(): Promise<void> {
    throw new Error("The bulb is gone.");
  }
}

interface Bench {
  port: number;
  lamp: Lamp;
  host: ThingHost;
  sockets: WebSockets;
  url: string;
}

async function benchFor(test: TestContext, options = {}, log: Log = silentLog): Promise<Bench> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder });
  const lamp = new Lamp();
  host.add("lamp", lamp);
  await host.open();
  const { port, server } = await serverFor(test, (request, response) =>
    response.end(`plain ${request.url}`),
  );
  const policy = new AccessPolicy();
  const sockets = serveWebSockets({ server, host, policy, prefix: "/api", log, ...options });
  test.after(() => sockets.close());
  return { port, lamp, host, sockets, url: `ws://127.0.0.1:${port}/api/lamp/ws` };
}

/** A client, and its messages in order as they are asked for. */
async function clientOf(
  url: string,
  options = {},
): Promise<{ client: WebSocket; say(message: unknown): void; next(): Promise<unknown> }> {
  const client = new WebSocket(url, options);
  const messages: unknown[] = [];
  client.on("message", (data) => messages.push(JSON.parse(data.toString())));
  await once(client, "open");
  return {
    client,
    say: (message) => client.send(typeof message === "string" ? message : JSON.stringify(message)),
    async next() {
      while (messages.length === 0) await once(client, "message");
      return messages.shift();
    },
  };
}

const observeProperties = (...names: string[]) => ({
  messageType: "addPropertyObservation",
  data: Object.fromEntries(names.map((name) => [name, true])),
});
const observeActions = (...names: string[]) => ({
  messageType: "addActionObservation",
  data: Object.fromEntries(names.map((name) => [name, true])),
});
const power = (value: number) => ({ messageType: "propertyStatus", data: { power: value } });
const ran = (name: string, status: string) => ({
  messageType: "actionStatus",
  data: { "action name": name, status },
});
const errorsAt = "https://w3c.github.io/web-thing-protocol/errors#";

test("a client hears each set of the properties that it observes, and each step of the actions", {
  timeout: 5000,
}, async (t) => {
  const { lamp, host, url } = await benchFor(t);
  const { say, next } = await clientOf(url);
  say(observeProperties("power"));
  say(observeActions("blink", "fail"));
  say("the reply shows that all above has been read");
  await next();
  lamp.label = "not observed";
  lamp.power = 77;
  lamp.power = 77;
  await host.get("lamp").resetProperty("power");
  assert.deepEqual([await next(), await next(), await next()], [power(77), power(77), power(0)]);
  host.get("lamp").invoke("blink", {});
  for (const status of ["pending", "running", "completed"]) {
    assert.deepEqual(await next(), ran("blink", status));
  }
  host.get("lamp").invoke("fail", {});
  for (const status of ["pending", "running", "error"]) {
    assert.deepEqual(await next(), ran("fail", status));
  }
});

test("a name that cannot be observed is told as LabThings tells it, the others are observed", {
  timeout: 5000,
}, async (t) => {
  const { lamp, url } = await benchFor(t);
  const { say, next } = await clientOf(url);
  say(observeProperties("nope", "heat", "power"));
  assert.deepEqual(await next(), {
    messageType: "response",
    operation: "observeproperty",
    name: "nope",
    error: {
      status: "404",
      type: `${errorsAt}not-found`,
      title: "Not Found",
      detail: "No property found with the name 'nope'.",
    },
  });
  assert.deepEqual(await next(), {
    messageType: "response",
    operation: "observeproperty",
    name: "heat",
    error: {
      status: "403",
      type: `${errorsAt}not-observable`,
      title: "Not Observable",
      detail: "The property 'heat' does not announce its changes. Read it when you need it.",
    },
  });
  lamp.power = 1;
  assert.deepEqual(await next(), power(1));
  say(observeActions("power"));
  assert.deepEqual(await next(), {
    messageType: "response",
    operation: "observeaction",
    name: "power",
    error: {
      status: "404",
      type: `${errorsAt}not-found`,
      title: "Not Found",
      detail: "No action found with the name 'power'.",
    },
  });
});

test("a message that cannot be understood is answered, and the connection stays", {
  timeout: 5000,
}, async (t) => {
  const { lamp, url } = await benchFor(t);
  const { client, say, next } = await clientOf(url);
  const bad = ['{"a": }', "", "[]", "null", "{}", { messageType: "x", data: {} }];
  const badData = [[], null, "power"].map((data) => ({ ...observeProperties(), data }));
  for (const message of [...bad, ...badData]) {
    say(message);
    const { messageType, error } = Object(await next());
    assert.deepEqual([messageType, error.status], ["response", "400"], JSON.stringify(message));
  }
  client.send(Buffer.from(JSON.stringify(observeProperties("power"))), { binary: true });
  assert.match(JSON.stringify(await next()), /this one was binary/);
  say(observeProperties("power", "__proto__"));
  await next();
  lamp.power = 2;
  assert.deepEqual(await next(), power(2));
});

test("what is no WebSocket of a Thing, or comes from another site's page, is refused before the upgrade", {
  timeout: 5000,
}, async (t) => {
  const { port, host } = await benchFor(t);
  host.add("other", new Lamp());
  const upgrade = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await ask(port, {
      path,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    assert.equal(answer.headers["content-type"], "application/problem+json");
    return answer.status;
  };
  for (const path of ["/", "/lamp/ws", "/api/ws", "/api/lamp", "/api/lamp/ws/", "/api/nope/ws"]) {
    assert.equal(await upgrade(path), 404, path);
  }
  assert.equal(await upgrade("/api/lamp/ws", { Origin: "http://evil.example" }), 403);
  assert.equal(await upgrade("/api/lamp/ws", { Origin: "null" }), 403);
  assert.equal(await upgrade("/api/lamp/ws", { Host: "evil.example" }), 421);
});

test("a client that would rather speak HTTP/2 is answered in HTTP/1.1", {
  timeout: 5000,
}, async (t) => {
  const { port } = await benchFor(t);
  const offer =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  const answer = await converse(port, `GET /things/ HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`);
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  assert.match(answer, /plain \/things\/$/);
  const body = `POST / HTTP/1.1\r\nHost: localhost\r\n${offer}Content-Length: 2\r\n\r\n{}`;
  assert.match(await converse(port, body), /^HTTP\/1.1 400 .*without the 'Upgrade' header/s);
});

test("a client that breaks the rules is ended with the code that says why", {
  timeout: 10_000,
}, async (t) => {
  const warnings: string[] = [];
  const log = logTo((level, message) => {
    if (level === "warn") warnings.push(message);
  });
  const { url, sockets } = await benchFor(t, { pingMs: 50, maxConnections: 1 }, log);
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
  assert.deepEqual(sockets.stats, { connections: 0, opened: 4, replaced: 0, ended: 2 });
  assert.equal(warnings.length, 2);
});

test("a slow reader costs one buffer, and has the newest value of each property in the end", {
  timeout: 20_000,
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

test("a value that is not JSON does not disturb the Thing that sets it", {
  timeout: 5000,
}, async (t) => {
  const { lamp, url } = await benchFor(t);
  const { say, next } = await clientOf(url);
  say(observeProperties("loop"));
  say("{}");
  await next();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  lamp.loop = circle;
  assert.deepEqual(await next(), { messageType: "propertyStatus", data: { loop: null } });
});

test("when the server stops it says so, and does not wait for the deaf", {
  timeout: 5000,
}, async (t) => {
  const { url, sockets } = await benchFor(t);
  const polite = await clientOf(url);
  const deaf = await clientOf(url);
  deaf.client.pause();
  const closed = once(polite.client, "close");
  await sockets.close();
  assert.equal((await closed)[0], 1001);
  assert.equal(sockets.stats.connections, 0);
  deaf.client.resume();
});

test("random bytes on the port and on a WebSocket end connections, never the server", {
  timeout: 60_000,
}, async (t) => {
  const { port, url } = await benchFor(t);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
      // The two line ends complete a header, so that the server need not wait for more of it.
      await converse(port, Buffer.concat([bytes, Buffer.from("\r\n\r\n")]));
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 500 }), async (bytes) => {
      const { client } = await clientOf(url);
      const closed = once(client, "close");
      client.on("error", () => {});
      rawSocketOf(client).end(bytes);
      await closed;
    }),
    { numRuns: 200 },
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
