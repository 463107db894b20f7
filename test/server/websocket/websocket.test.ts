import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { TEST_MS } from "../../limits.ts";
import { ask, converse } from "../requests.ts";
import {
  benchFor,
  clientOf,
  Lamp,
  observeActions,
  observeProperties,
  power,
  ran,
} from "../websocket-bench.ts";

const errorsAt = "https://w3c.github.io/web-thing-protocol/errors#";

test("a client hears each set of the properties that it observes, and each step of the actions", {
  timeout: TEST_MS,
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
  timeout: TEST_MS,
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
  timeout: TEST_MS,
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
  timeout: TEST_MS,
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
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await benchFor(t);
  const offer =
    "Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  const answer = await converse(port, `GET /things/ HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`);
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
  assert.match(answer, /plain \/things\/$/);
  const body = `POST / HTTP/1.1\r\nHost: localhost\r\n${offer}Content-Length: 2\r\n\r\n{}`;
  assert.match(await converse(port, body), /^HTTP\/1.1 200 .*plain \/$/s);
});

test("a value that is not JSON does not disturb the Thing that sets it", {
  timeout: TEST_MS,
}, async (t) => {
  const { lamp, url } = await benchFor(t);
  const { say, next } = await clientOf(url);
  say(observeProperties("loop"));
  say("{}");
  await next();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  lamp.loop = circle;
  const { messageType, operation, name, error } = (await next()) as Record<string, unknown>;
  assert.deepEqual([messageType, operation, name], ["response", "observeproperty", "loop"]);
  assert.match(JSON.stringify(error), /'loop'.* JSON cannot hold: \/self refers back/);
});

test("when the server stops it says so, and does not wait for the deaf", {
  timeout: TEST_MS,
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
