import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { EventStreamParser } from "../../src/client/event-stream.ts";
import { TEST_MS } from "../limits.ts";
import { FakeServer, json } from "./fake-server.ts";

const OBSERVED = {
  title: "Observed",
  properties: {
    polled: {
      observable: true,
      forms: [
        { href: "polled" },
        { href: "polled/next", op: ["observeproperty"], subprotocol: "longpoll" },
      ],
    },
    streamed: {
      observable: true,
      forms: [
        { href: "streamed/next", op: ["observeproperty"], subprotocol: "longpoll" },
        { href: "streamed", op: ["observeproperty"], subprotocol: "sse" },
      ],
    },
    still: { forms: [{ href: "still" }] },
  },
};

function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
}

test("server-sent events are taken apart however they are cut", () => {
  const text =
    "\ufeffevent: a\r\ndata: 1\r\nid: 7\r\n\r\n: a comment\n\ndata:two\rdata: lines\r\rretry: 50\ndata\n\nevent: x\n\n";
  const expected = [
    { event: "a", data: "1" },
    { event: "message", data: "two\nlines" },
    { event: "message", data: "" },
  ];
  for (let size = 1; size <= text.length; size++) {
    const parser = new EventStreamParser();
    const messages = [];
    for (let at = 0; at < text.length; at += size) {
      messages.push(...parser.push(text.slice(at, at + size)));
    }
    assert.deepEqual(messages, expected, `in pieces of ${size}`);
    assert.deepEqual([parser.lastEventId, parser.retryMs], ["7", 50]);
  }
});

test("a server-sent event is there once its empty line is, whichever ends lines have", () => {
  for (const end of ["\n", "\r", "\r\n"]) {
    const parser = new EventStreamParser();
    const text = `data: 1${end}${end}`;
    assert.deepEqual(parser.push(text), [{ event: "message", data: "1" }], JSON.stringify(end));
    assert.deepEqual(parser.push(text), [{ event: "message", data: "1" }], JSON.stringify(end));
  }
});

test("a server-sent event in many pieces takes time in proportion to its length", () => {
  const cost = (pieces: number) => {
    const parser = new EventStreamParser();
    const before = process.cpuUsage();
    for (let n = 0; n < pieces; n++) parser.push("x".repeat(1024));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const [short, long] = [1024, 8 * 1024].map(cost) as [number, number];
  assert.ok(long < 32 * Math.max(short, 4), `${short} ms for 1 MiB, ${long} ms for 8 MiB`);
});

test("a broken stream of events is taken up again where it broke", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer({ "GET /": json(OBSERVED) });
  const origin = await server.listen();
  const told: (string | undefined)[] = [];
  server.answer("GET /streamed", (request, response) => {
    const last = request.headers["last-event-id"];
    told.push(last === undefined ? last : String(last));
    if (told.length === 2) return json({ detail: "Starting." }, 503)(request, response);
    beginEvents(response);
    const from = last === undefined ? 0 : Number(last) + 1;
    for (let n = from; n < from + 2; n++) {
      response.write(`event: streamed\nid: ${n}\ndata: {"n":${n}}\n\n`);
    }
    response.write('event: dropped\ndata: "This is not a value."\n\n');
    if (told.length === 1) response.end();
  });
  const client = await ThingClient.connect(origin);
  const seen: unknown[] = [];
  for await (const value of client.properties.streamed!.observe()) {
    seen.push(value);
    if (seen.length === 4) break;
  }
  assert.deepEqual(seen, [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
  assert.deepEqual(told, [undefined, "1", "1"]);
});

test("a server that says 'no content' ends a subscription; one that refuses is an error", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer({ "GET /": json(OBSERVED) });
  const origin = await server.listen();
  server.answer("GET /streamed", (_, response) => response.writeHead(204).end());
  const client = await ThingClient.connect(origin);
  const property = client.properties.streamed!;
  assert.equal((await property.observe().next()).done, true);
  server.answer("GET /streamed", json({ detail: "Not for you.", code: "FORBIDDEN" }, 403));
  const refused = property.observe();
  await assert.rejects(refused.opened, { code: "FORBIDDEN", message: "Not for you." });
  await assert.rejects(refused.next(), { code: "FORBIDDEN" });
  const heard = new Promise((resolve) => property.onChange(() => {}, { onError: resolve }));
  assert.equal(((await heard) as Error).message, "Not for you.");
  server.answer("GET /streamed", json(3));
  await assert.rejects(property.observe().next(), { message: /should send server-sent events/ });
});

test("long polling follows the links of its replies, and the first address again without one", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer({ "GET /": json(OBSERVED) });
  const origin = await server.listen();
  const link = (after: number) => ({
    Link: `</polled>; rel="self", </polled/next?after=${after}>; rel="next"`,
  });
  server.answer("GET /polled/next", json(1, 200, link(1)));
  server.answer("GET /polled/next?after=1", (_, response) =>
    response.writeHead(204, link(2)).end(),
  );
  let cuts = 0;
  server.answer("GET /polled/next?after=2", (request, response) => {
    cuts += 1;
    if (cuts === 1) response.destroy();
    else json(3)(request, response);
  });
  const client = await ThingClient.connect(origin);
  const values = client.properties.polled!.observe();
  assert.equal((await values.next()).value, 1);
  assert.equal((await values.next()).value, 3);
  assert.equal((await values.next()).value, 1);
  values.close();
  assert.deepEqual(server.requests.slice(1, 6), [
    "GET /polled/next",
    "GET /polled/next?after=1",
    "GET /polled/next?after=2",
    "GET /polled/next?after=2",
    "GET /polled/next",
  ]);
});

test("a property that cannot be observed says so", async () => {
  await using server = new FakeServer({ "GET /": json(OBSERVED) });
  const client = await ThingClient.connect(await server.listen());
  assert.throws(() => client.properties.still!.observe(), {
    code: "UNSUPPORTED",
    message: /'still' has no form for 'observeproperty': it cannot be followed/,
  });
});

test("a reader that pauses lets the server wait: nothing is queued in the client", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer({ "GET /": json(OBSERVED) });
  const origin = await server.listen();
  let written = 0;
  const full = new Promise<void>((resolve) => {
    server.answer("GET /streamed", (_, response) => {
      beginEvents(response);
      const write = () => {
        for (let room = true; room; written += 1) {
          room = response.write(`event: streamed\ndata: "${"x".repeat(100_000)}"\n\n`);
        }
        const blocked = setTimeout(resolve, 500);
        response.once("drain", () => {
          clearTimeout(blocked);
          write();
        });
      };
      write();
    });
  });
  const client = await ThingClient.connect(origin);
  const values = client.properties.streamed!.observe();
  await values.next();
  await full;
  assert.ok(written < 300, `${written} messages of 100 kB were taken before any was wanted`);
  values.close();
});
