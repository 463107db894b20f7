// A Thing is followed as a whole: over a WebSocket, over server-sent events, or by asking again and again.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { event, property, Thing, ThingEvent, ThingHost, ThingServer } from "thingscope";
import { ClientError, ThingClient } from "thingscope/client";
import { Type } from "typebox";
import { WebSocket as NodeSocket } from "ws";
import { TEST_MS } from "../limits.ts";
import { served } from "../server/thing-bench.ts";
import { FakeServer, json } from "./fake-server.ts";

const timeout = TEST_MS;

class Lamp extends Thing {
  @property("How bright it is", Type.Integer(), { observable: true }) accessor brightness = 1;
  @event("It has burnt out", Type.String()) readonly burnt = new ThingEvent<string>();
}

/** What was told, a line each, and how to wait for one. */
function following(t: TestContext, client: ThingClient) {
  const end = new AbortController();
  const told: string[] = [];
  let hear = () => {};
  const tell = (line: string) => {
    told.push(line);
    hear();
  };
  const done = client.follow(
    {
      onProperty: (name, value) => tell(`${name} ${JSON.stringify(value)}`),
      onPropertyProblem: (name, sentence) => tell(`${name} cannot be read: ${sentence}`),
      onEvent: (name, data) => tell(`event ${name} ${JSON.stringify(data)}`),
      onConnected: (isConnected, reason) =>
        tell(isConnected ? "connected" : `lost: ${reason ?? "?"}`),
    },
    end.signal,
  );
  const stop = () => {
    end.abort();
    return done;
  };
  t.after(stop);
  const heard = async (wanted: RegExp, from = 0): Promise<number> => {
    for (;;) {
      const at = told.findIndex((line, n) => n >= from && wanted.test(line));
      if (at >= 0) return at + 1;
      await new Promise<void>((resolve) => {
        hear = resolve;
      });
    }
  };
  return { told, heard, stop };
}

/** What browsers have, and Node 20 has not. */
function withSockets(t: TestContext, Socket: unknown = NodeSocket): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Object.defineProperty(globalThis, "WebSocket", { value: Socket, configurable: true });
  t.after(() => {
    if (before) Object.defineProperty(globalThis, "WebSocket", before);
    else Reflect.deleteProperty(globalThis, "WebSocket");
  });
}

for (const way of ["a WebSocket", "server-sent events"]) {
  test(`over ${way} values are told at first, then each change, events, and all again after a restart of the server`, {
    timeout,
  }, async (t) => {
    withSockets(t, way === "a WebSocket" ? NodeSocket : undefined);
    const lamp = new Lamp();
    const first = await served(t, { lamp });
    const client = await ThingClient.connect(`${first.url}/lamp/`);
    const { told, heard, stop } = following(t, client);
    await heard(/^connected/);
    assert.ok(told.includes("brightness 1"), told.join());
    lamp.brightness = 2;
    lamp.burnt.emit("filament");
    await heard(/^brightness 2/);
    await heard(/^event burnt "filament"/);

    await first.server.close();
    const lost = await heard(/^lost: .*(refused|reach|answer)/i);
    const host = new ThingHost({ settingsFolder: first.host.settingsFolder ?? "" });
    const again = new Lamp();
    again.brightness = 7;
    host.add("lamp", again);
    const server = new ThingServer(host);
    t.after(() => server.close());
    await server.listen({ port: Number(new URL(first.url).port) });
    await heard(/^connected/, lost);
    await heard(/^brightness/, lost);
    again.brightness = 8;
    await heard(/^brightness 8/, lost);
    await stop();
    const { length } = told;
    again.brightness = 9;
    await server.close();
    assert.equal(told.length, length, "nothing is told after the end");
  });
}

test("a Thing that is gone is told in the server's sentence, and followed again when it is back", {
  timeout,
}, async (t) => {
  await using server = new FakeServer();
  const base = await server.listen();
  const td = {
    title: "Old",
    properties: { x: { forms: [{ href: "x" }] } },
  };
  const gone = json({ detail: "The Thing was removed. Add it again." }, 404);
  server.answer("GET /thing/", json(td));
  server.answer("GET /thing/x", json(3));
  const { heard } = following(t, await ThingClient.connect(`${base}/thing/`));
  const connected = await heard(/^connected/);
  server.answer("GET /thing/x", (_, response) => response.destroy());
  server.answer("GET /thing/", gone);
  const lost = await heard(/^lost: .*The Thing was removed/, connected);
  server.answer("GET /thing/", json(td));
  server.answer("GET /thing/x", json(4));
  await heard(/^x 4/, lost);
});

test("without notifications the values are asked for again and again", {
  timeout,
}, async (t) => {
  await using server = new FakeServer();
  const base = await server.listen();
  let reads = 0;
  server.answer("GET /x", (request, response) => json(++reads)(request, response));
  const client = ThingClient.of(
    { title: "T", properties: { x: { forms: [{ href: "x" }] } } },
    base,
  );
  const { heard } = following(t, client);
  await heard(/^x 2/);
  assert.deepEqual(new Set(server.requests), new Set(["GET /x"]), "no description is fetched");
});

test("a value that was told while all were read is not replaced by the older answer", {
  timeout,
}, async (t) => {
  const lamp = new Lamp();
  const { url } = await served(t, { lamp });
  let heardAnswer = () => {};
  const answered = new Promise<void>((resolve) => {
    heardAnswer = resolve;
  });
  let answer = () => {};
  const newer = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const late: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    heardAnswer();
    await newer;
    return response;
  };
  const td = await (await fetch(`${url}/lamp/`)).json();
  const client = ThingClient.of(Object(td), `${url}/lamp/`, { fetch: late });
  const { told, heard } = following(t, client);
  await answered;
  lamp.brightness = 5;
  await heard(/^brightness 5/);
  answer();
  await heard(/^connected/);
  assert.deepEqual(
    told.filter((line) => line.startsWith("brightness")),
    ["brightness 5"],
  );
});

test("where something between keeps WebSockets away, server-sent events take their place", {
  timeout,
}, async (t) => {
  class NoSocket extends EventTarget {
    readonly OPEN = 1;
    readonly readyState = 3;
    onerror: (() => void) | null = null;
    constructor() {
      super();
      queueMicrotask(() => this.onerror?.());
    }
    close(): void {}
  }
  withSockets(t, NoSocket);
  const lamp = new Lamp();
  const { url } = await served(t, { lamp });
  const { heard } = following(t, await ThingClient.connect(`${url}/lamp/`));
  await heard(/^connected/);
  lamp.brightness = 3;
  await heard(/^brightness 3/);
});

test("a WebSocket that says what is no message is left, and made again", { timeout }, async (t) => {
  withSockets(t);
  const { WebSocketServer } = await import("ws");
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.after(() => sockets.close());
  await once(sockets, "listening");
  const address = sockets.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const td = {
    title: "T",
    properties: {},
    forms: [
      {
        op: ["observeallproperties"],
        subprotocol: "webthingprotocol",
        href: `ws://127.0.0.1:${port}/`,
      },
    ],
  };
  let count = 0;
  const twice = new Promise<void>((resolve) => {
    sockets.on("connection", (socket) => {
      socket.send("no JSON");
      if (++count === 2) resolve();
    });
  });
  following(t, ThingClient.of(td, `http://127.0.0.1:${port}/`));
  await twice;
});

test("a client of a description that is no description is refused in a sentence", () => {
  assert.throws(
    () => ThingClient.of({ hello: "world" }, "http://127.0.0.1:1/x"),
    (error) => error instanceof ClientError && error.code === "BAD_ANSWER",
  );
});
