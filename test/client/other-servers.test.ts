import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGReader, nextFrameSize, RemoteBlob, ThingClient } from "thingscope/client";
import { TEST_MS } from "../limits.ts";
import { FakeServer, json } from "./fake-server.ts";

const TD = { "@context": "https://www.w3.org/2022/wot/td/v1.1", title: "Other" };

test("forms say where everything is: base, methods, templates, types and headers", async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer(
    "GET /td",
    json({
      ...TD,
      base: `${origin}/api/`,
      properties: {
        speed: {
          forms: [
            { href: "coap://127.0.0.1/speed", op: ["readproperty"] },
            { href: "http://127.0.0.1:9/speed", op: ["readproperty"] }, // nobody listens there
            { href: "speed", op: "unobserveproperty" },
            { href: "speed.txt", op: "readproperty", contentType: "text/plain" },
            { href: "speed{?unit}", op: ["readproperty"], "htv:methodName": "GET" },
            {
              href: "/set",
              op: ["writeproperty"],
              "htv:methodName": "POST",
              "htv:headers": [{ "htv:fieldName": "X-Key", "htv:fieldValue": "7" }],
            },
          ],
        },
        plain: { forms: [{ href: "plain" }] },
        picture: { readOnly: true, forms: [{ href: "pic.jpg", contentType: "image/jpeg" }] },
      },
    }),
  );
  server.answer("GET /api/speed?unit=mm%2Fs", json(3));
  server.answer("GET /api/speed", json(4));
  server.answer("POST /set", json(null));
  server.answer("GET /api/plain", json("x"));
  server.answer("PUT /api/plain", (_, response) => response.writeHead(204).end());
  server.answer("GET /api/pic.jpg", (_, response) =>
    response.writeHead(200, { "Content-Type": "image/jpeg" }).end("JPEG"),
  );
  const client = await ThingClient.connect(`${origin}/td`);
  assert.equal(await client.read("speed", { uriVariables: { unit: "mm/s" } }), 3);
  assert.equal(await client.read("speed"), 4);
  await client.write("speed", 5);
  assert.equal(server.headers.at(-1)?.["x-key"], "7");
  await client.write("plain", 1);
  assert.equal(await client.read("plain"), "x");
  const picture = await client.read("picture");
  assert.ok(picture instanceof RemoteBlob);
  assert.equal(await picture.text(), "JPEG");
  assert.deepEqual(await client.properties.picture!.readAs("image/jpeg"), picture);
});

test("a synchronous action answers with its output, or with nothing", async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer(
    "GET /",
    json({
      ...TD,
      actions: {
        add: { synchronous: true, input: { type: "object" }, forms: [{ href: "add" }] },
        home: { synchronous: true, forms: [{ href: "home" }] },
        undeclared: { forms: [{ href: "undeclared" }] },
        snap: { forms: [{ href: "snap", response: { contentType: "image/jpeg" } }] },
      },
    }),
  );
  server.answer("POST /add", json(0));
  server.answer("POST /home", (request, response) => {
    assert.equal(request.headers["content-type"], undefined);
    response.writeHead(204).end();
  });
  server.answer("POST /undeclared", json({ status: "fine", href: "/nowhere" }));
  server.answer("POST /snap", (request, response) => {
    assert.match(request.headers.accept ?? "", /^image\/jpeg/);
    response.writeHead(200, { "Content-Type": "image/jpeg" }).end("JPEG");
  });
  const client = await ThingClient.connect(origin);
  assert.equal(await client.invoke("add", { a: 1 }), 0);
  assert.equal(await client.invoke("home"), undefined);
  assert.deepEqual(await client.invoke("undeclared"), { status: "fine", href: "/nowhere" });
  const picture = await client.invoke("snap");
  assert.ok(picture instanceof RemoteBlob);
  assert.equal(await picture.text(), "JPEG");
});

test("LabThings' invocations are followed by their links, and its refusals read", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  const links = [{ rel: "self", href: `${origin}/action_invocations/1` }];
  const done = {
    status: "completed",
    links,
    output: { href: `${origin}/blob/1`, media_type: "image/jpeg" },
  };
  const error = {
    status: "error",
    links,
    output: null,
    error: { detail: "no focus", type: null, status: 500, title: "NoFocusFoundError" },
  };
  server.answer(
    "GET /camera/",
    json({
      ...TD,
      base: `${origin}/`,
      properties: {},
      actions: {
        grab: { forms: [{ href: "/camera/grab", op: ["invokeaction"] }] },
        focus: { forms: [{ href: "/camera/focus", op: ["invokeaction"] }] },
        refuse: { forms: [{ href: "/camera/refuse", op: ["invokeaction"] }] },
      },
    }),
  );
  server.answer("POST /camera/grab", json({ status: "pending", links, output: null }, 201));
  server.answer("GET /action_invocations/1", json(done));
  server.answer("POST /camera/focus", json(error, 201));
  server.answer(
    "POST /camera/refuse",
    json({ detail: [{ type: "missing", loc: ["body", "dz"], msg: "Field required" }] }, 422),
  );
  server.answer("GET /blob/1", (_, response) => response.writeHead(200).end("JPEG"));
  const client = await ThingClient.connect(`${origin}/camera/`);
  const picture = await client.invoke("grab");
  assert.ok(picture instanceof RemoteBlob);
  assert.equal(await picture.text(), "JPEG");
  await assert.rejects(client.invoke("focus"), { message: "no focus", status: 500 });
  await assert.rejects(client.invoke("refuse"), {
    message: "'dz': Field required.",
    code: "HTTP_422",
  });
});

test("a run outlives a server that is away for a moment", { timeout: TEST_MS }, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer("GET /", json({ ...TD, actions: { go: { forms: [{ href: "go" }] } } }));
  server.answer("POST /go", json({ status: "running" }, 201, { Location: "/runs/1" }));
  let asked = 0;
  server.answer("GET /runs/1", (request, response) => {
    asked += 1;
    if (asked === 1) json({ status: "running" })(request, response);
    else if (asked === 2) response.destroy();
    else if (asked === 3) json({ detail: "Starting." }, 503)(request, response);
    else json({ status: "completed", output: "here" })(request, response);
  });
  const client = await ThingClient.connect(origin);
  assert.equal(await client.invoke("go"), "here");
});

test("a run that an abort overtakes is cancelled when its name is known", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer("GET /", json({ ...TD, actions: { go: { forms: [{ href: "go" }] } } }));
  const leaving = new AbortController();
  server.answer("POST /go", (request, response) => {
    leaving.abort();
    setTimeout(() => {
      json({ status: "pending" }, 201, { Location: "/runs/1" })(request, response);
    }, 50);
  });
  server.answer("DELETE /runs/1", (_, response) => response.writeHead(204).end());
  const client = await ThingClient.connect(origin);
  await assert.rejects(client.actions.go!(undefined, leaving), { name: "AbortError" });
  assert.deepEqual(server.requests, ["GET /", "POST /go", "DELETE /runs/1"]);
});

test("credentials go to the Thing's own origin and to no other", async () => {
  await using stranger = new FakeServer({ "*": json(1) });
  await using server = new FakeServer();
  const elsewhere = await stranger.listen();
  const origin = await server.listen();
  server.answer(
    "GET /",
    json({
      ...TD,
      properties: {
        own: { forms: [{ href: "own" }] },
        strange: { forms: [{ href: `${elsewhere}/strange` }] },
        moved: { forms: [{ href: "moved" }] },
      },
    }),
  );
  server.answer("GET /own", json(2));
  server.answer("GET /moved", (_, response) =>
    response.writeHead(302, { Location: `${elsewhere}/moved` }).end(),
  );
  const basic = { username: "ada", password: "käse" };
  const client = await ThingClient.connect(origin, { credentials: basic });
  await client.read("own");
  const expected = `Basic ${Buffer.from("ada:käse").toString("base64")}`;
  assert.deepEqual(
    server.headers.map(({ authorization }) => authorization),
    [expected, expected],
  );
  await client.read("strange");
  await client.read("moved");
  assert.deepEqual(stranger.requests, ["GET /strange", "GET /moved"]);
  assert.deepEqual(
    stranger.headers.map(({ authorization }) => authorization),
    [undefined, undefined],
  );
  await ThingClient.connect(origin.replace("//", "//ada:k%C3%A4se@"));
  assert.equal(server.headers.at(-1)?.authorization, expected);
  const credentials = { token: "t0" };
  await ThingClient.connect(origin, { credentials });
  assert.equal(server.headers.at(-1)?.authorization, "Bearer t0");
  server.answer("GET /live/next_frame_size", json(7));
  const unnamed = await nextFrameSize(`${origin}/live`, { credentials });
  assert.deepEqual(unnamed, { run: "", index: 0, capturedAt: 0, size: 7 });
  assert.equal(server.headers.at(-1)?.authorization, "Bearer t0");
  const reader = new MJPEGReader(origin.replace("//", "//ada:k%C3%A4se@"));
  await assert.rejects(reader[Symbol.asyncIterator]().next(), { code: "BAD_ANSWER" });
  assert.equal(server.headers.at(-1)?.authorization, expected);
});

test("a refused login says what to give", async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer("GET /", (_, response) => response.writeHead(401).end("<html>"));
  await assert.rejects(ThingClient.connect(origin), {
    code: "HTTP_401",
    message: /was answered with 401: Unauthorized\. Give credentials/,
  });
  server.answer("GET /", (_, response) => response.writeHead(500).end("out of film"));
  await assert.rejects(ThingClient.connect(origin), {
    code: "HTTP_500",
    message: /\/ was answered with 500: out of film\.$/,
  });
});
