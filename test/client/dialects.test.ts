import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientError, ThingClient } from "thingscope/client";
import { patience, TEST_MS } from "../limits.ts";
import { FakeServer, json } from "./fake-server.ts";

const timeout = TEST_MS;
const TD = { "@context": "https://www.w3.org/2022/wot/td/v1.1", title: "Other" };

function plain(text: string, type = "text/plain") {
  return (_: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(200, { "Content-Type": type }).end(text);
}

/** The server, a client of what it describes, and the bodies that it was sent. */
async function described(t: import("node:test").TestContext, affordances: object) {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const origin = await server.listen();
  server.answer("GET /td", json({ ...TD, ...affordances }));
  const bodies: string[] = [];
  const take =
    (status: number, headers: Record<string, string> = {}) =>
    (
      request: import("node:http").IncomingMessage,
      response: import("node:http").ServerResponse,
    ) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        bodies.push(body);
        response.writeHead(status, headers).end();
      });
    };
  return { server, origin, bodies, take, client: await ThingClient.connect(`${origin}/td`) };
}

test("a plain text is a text, or the number, boolean or nothing that the schema says it is", {
  timeout,
}, async (t) => {
  const text = (type: unknown) => ({ type, forms: [{ href: "v", contentType: "text/plain" }] });
  const properties = {
    name: text("string"),
    count: text("integer"),
    speed: { ...text(undefined), oneOf: [{ type: "number" }, { type: "null" }] },
    on: text("boolean"),
    any: text(undefined),
    silent: { type: "number", forms: [{ href: "silent" }] },
  };
  const { server, client, bodies, take } = await described(t, { properties });
  const reads = [
    ["name", "42", "42"],
    ["count", "42\n", 42],
    ["speed", "-1.5e3", -1500],
    ["speed", "null", null],
    ["on", "TRUE", true],
    ["count", "0x10", "0x10"],
    ["any", "42", "42"],
    ["name", "", ""],
  ] as const;
  for (const [name, sent, value] of reads) {
    server.answer("GET /v", plain(sent, "text/plain; charset=utf-8"));
    assert.equal(await client.read(name), value, `${name} ${sent}`);
  }
  server.answer("GET /silent", (_, response) => void response.end("7"));
  assert.equal(await client.read("silent"), 7, "the type that the form expects, when none is sent");
  server.answer("PUT /v", take(204));
  for (const value of ["hello", 42, true, null]) await client.write("any", value);
  assert.deepEqual(bodies, ["hello", "42", "true", "null"]);
  assert.equal(server.headers.at(-1)?.["content-type"], "text/plain");
  await assert.rejects(client.write("any", { x: 1 }), {
    code: "UNSUPPORTED",
    message: /The Thing requires text\/plain\. This client sends JSON, single values as text/,
  });
});

test("an action takes null, is accepted with a Location, and answers there with a state or its output", {
  timeout,
}, async (t) => {
  const forms = (href: string) => ({ forms: { href, op: "invokeaction" } });
  const actions = {
    clear: { input: { oneOf: [{ type: "object" }, { type: "null" }] }, ...forms("clear") },
    states: forms("states"),
    bare: forms("bare"),
    created: { output: { type: "number" }, ...forms("created") },
    failing: forms("failing"),
  };
  const { server, client, bodies, take } = await described(t, { actions });
  server.answer("POST /clear", take(204));
  await client.invoke("clear", null);
  await client.invoke("clear");
  assert.deepEqual(bodies, ["null", "{}"]);

  server.answer("POST /states", take(202, { Location: "/run/1" }));
  const states = [
    { status: "pending" },
    { status: "running" },
    { status: "completed", output: 42 },
  ];
  server.answer("GET /run/1", (request, response) => json(states.shift())(request, response));
  assert.equal(await client.invoke("states"), 42);

  server.answer("POST /bare", take(202, { Location: "/run/2" }));
  let asked = 0;
  server.answer("GET /run/2", (request, response) => {
    asked += 1;
    if (asked < 3) response.writeHead(202).end();
    else json({ seen: 3 })(request, response);
  });
  assert.deepEqual(await client.invoke("bare"), { seen: 3 });

  server.answer("POST /created", take(201, { Location: "run/3" }));
  server.answer("GET /run/3", plain("2.5"));
  assert.equal(await client.invoke("created"), "2.5");

  server.answer("POST /failing", take(202, { Location: "/run/4" }));
  server.answer("GET /run/4", json({ status: "failed", error: { detail: "No lamp." } }));
  await assert.rejects(client.invoke("failing"), { message: "No lamp." });
});

test("properties are read though one fails, which is told by its name", { timeout }, async (t) => {
  const properties = Object.fromEntries(
    ["a", "broken", "c"].map((name) => [name, { type: "number", forms: [{ href: name }] }]),
  );
  const all = { forms: [{ href: "all", op: "readallproperties" }], properties };
  const { server, client } = await described(t, all);
  server.answer("GET /all", json({ detail: "Property 'broken' has no value." }, 500));
  server.answer("GET /a", json(1));
  server.answer("GET /c", json(3));
  server.answer("GET /broken", json({ detail: "The cable is out." }, 503));
  const failures: [string, string][] = [];
  const onFailure = (name: string, { message }: ClientError) => failures.push([name, message]);
  assert.deepEqual(await client.readAll({ onFailure }), { a: 1, c: 3 });
  assert.deepEqual(failures, [["broken", "The cable is out."]]);
  await assert.rejects(client.readAll(), { message: "Property 'broken' has no value." });
});

test("a description without affordances is one; a list, a problem, or any other object is not", {
  timeout,
}, async (t) => {
  const { origin, server, client } = await described(t, {});
  assert.deepEqual([client.title, Object.keys(client.properties)], ["Other", []]);
  for (const context of [
    ["https://www.w3.org/2019/wot/td/v1"],
    [{ x: "y" }, "http://www.w3.org/ns/td"],
  ]) {
    server.answer("GET /td", json({ "@context": context, title: "Older" }));
    assert.equal((await ThingClient.connect(`${origin}/td`)).title, "Older");
  }
  for (const other of [[TD], { title: "A page" }, { detail: "No." }, null, 7]) {
    server.answer("GET /td", json(other));
    await assert.rejects(ThingClient.connect(`${origin}/td`), { code: "BAD_ANSWER" });
  }
});

test("events and properties are followed with variables, however their forms call the way", {
  timeout,
}, async (t) => {
  const sse = { href: "sse{?channel}", subprotocol: "SSE", op: ["subscribeevent"] };
  const typed = { href: "sse{?channel}", contentType: "text/event-stream", op: "observeproperty" };
  const poll = {
    href: "poll{?channel}",
    subprotocol: "longpoll",
    contentType: "text/plain",
    op: ["observeproperty"],
  };
  const { server, client } = await described(t, {
    base: "not an address:",
    events: { moved: { data: { type: "number" }, forms: sse } },
    properties: {
      speed: { type: "number", forms: [typed] },
      level: { type: "number", forms: [poll] },
    },
  });
  server.answer("GET /sse?channel=2", plain("data: 5\n\ndata: 6\n\n", "text/event-stream"));
  server.answer("GET /poll?channel=2", plain("8"));
  const how = { uriVariables: { channel: 2 }, signal: patience() };
  const first = async (values: AsyncIterable<unknown>) => {
    for await (const value of values) return value;
    return undefined;
  };
  assert.equal(await first(client.events.moved!.subscribe(how)), 5);
  assert.equal(await first(client.properties.speed!.observe(how)), 5);
  assert.equal(await first(client.properties.level!.observe(how)), 8);
  let end = () => {};
  const heard = await new Promise((resolve) => {
    end = client.events.moved!.on(resolve, how);
  });
  end(); // else it would follow the server, which is gone, for as long as it is patient
  assert.equal(heard, 5);
});
