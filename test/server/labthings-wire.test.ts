import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  action,
  Blob,
  blobSchema,
  delay,
  event,
  type Invocation,
  MJPEGStream,
  property,
  setting,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";
import { tdFaults } from "../conformance/td-schema.ts";
import { TEST_MS } from "../limits.ts";

class Camera extends Thing {
  static override readonly title = "Demo camera";
  static override readonly description = "A camera for tests.";
  @property("Exposure", Type.Integer({ minimum: 0, maximum: 1000, unit: "ms", default: 100 }))
  accessor exposure = 100;
  @setting("Label", Type.Union([Type.String(), Type.Null()])) accessor label: string | null = "x";
  @property("Fixed", Type.Number()) get fixed(): number {
    return 2.5;
  }
  @property("Bad", Type.Number()) get bad(): number {
    throw new RangeError("nope");
  }
  @event("Moved", Type.Object({ x: Type.Integer() })) readonly moved = new ThingEvent<{
    x: number;
  }>();
  @stream("Live view") readonly live = new MJPEGStream();
  @action("Add", {
    input: Type.Object({ a: Type.Number(), b: Type.Optional(Type.Number({ default: 0 })) }),
    output: Type.Number(),
  })
  async add({ a, b = 0 }: { a: number; b?: number }): Promise<number> {
    this.log.info(`adding ${a}`);
    return a + b;
  }
  @action("Picture", { output: blobSchema("image/jpeg") }) async picture(): Promise<Blob> {
    return Blob.fromBytes(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), "image/jpeg");
  }
  @action("Measure", {
    input: Type.Object({ picture: blobSchema("image/*") }),
    output: Type.Integer(),
  })
  async measure({ picture }: { picture: Blob }): Promise<number> {
    return (await picture.bytes()).length;
  }
  @action("Wait") async wait(_: Record<string, never>, run: Invocation): Promise<void> {
    await delay(60_000, run.signal);
  }
  @action("Fail") async fail(): Promise<void> {
    throw new RangeError("out of film");
  }
  @action("Move", { input: Type.Object({ x: Type.Integer() }) }) async move({
    x,
  }: {
    x: number;
  }): Promise<void> {
    this.moved.emit({ x });
  }
}

let server: ThingServer;
let url = "";
before(async () => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", new Camera());
  server = new ThingServer(host);
  ({ url } = await server.listen({ port: 0 }));
});
after(() => server.close());

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(url + path, {
    method,
    redirect: "manual",
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

async function finished(href: string, headers: Record<string, string> = {}) {
  for (;;) {
    const { body } = await call("GET", new URL(href).pathname, undefined, headers);
    if (!["pending", "running"].includes(body.status)) return body;
    await delay(5);
  }
}

test("the Thing Description is valid and names what the Python client reads", async () => {
  const { status, headers, body } = await call("GET", "/camera/");
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^application\/td\+json/);
  assert.deepEqual(tdFaults(body), []);
  assert.equal(body.base, `${url}/`);
  assert.equal(body.properties.exposure.maximum, 1000);
  assert.deepEqual(body.properties.label.oneOf, [{ type: "string" }, { type: "null" }]);
  assert.equal(body.properties.fixed.readOnly, true);
  assert.equal(body.actions.add.output.type, "number");
  assert.equal(body.actions.add.synchronous, false);
  assert.ok(body.properties.live_frame.forms.length > 0);
  const things = await call("GET", "/things/");
  assert.deepEqual(things.body, { camera: `${url}/camera/` });
  assert.equal((await call("GET", "/thing_descriptions/")).body.camera.title, "Demo camera");
});

test("a property is read, written with 204, refused with a sentence and the faults, and reset", async () => {
  assert.deepEqual((await call("GET", "/camera/exposure")).body, 100);
  assert.equal((await call("PUT", "/camera/exposure", 77)).status, 204);
  assert.equal((await call("GET", "/camera/exposure")).body, 77);
  const refused = await call("PUT", "/camera/exposure", 7000);
  assert.equal(refused.status, 422);
  assert.match(refused.headers.get("content-type") ?? "", /problem\+json/);
  assert.equal(
    refused.body.detail,
    "Property 'exposure' of Thing 'camera' was not set: it should be less than or equal to 1000, but is 7000.",
  );
  assert.deepEqual(refused.body.errors[0], {
    loc: ["body"],
    input: 7000,
    type: "less_than_equal",
    msg: "Input should be less than or equal to 1000",
    ctx: { le: 1000 },
  });
  assert.equal((await call("POST", "/camera/exposure/reset")).status, 200);
  assert.equal((await call("GET", "/camera/exposure")).body, 100);
});

test("a read-only property takes no PUT and says what it takes", async () => {
  const { status, headers, body } = await call("PUT", "/camera/fixed", 1);
  assert.equal(status, 405);
  assert.equal(headers.get("allow"), "GET, HEAD, OPTIONS");
  assert.match(body.detail, /does not accept PUT/);
});

test("a getter that throws is a problem with its words, which names the property", async () => {
  const { status, body } = await call("GET", "/camera/bad");
  const words = "Property 'bad' of Thing 'camera' could not be read: nope";
  assert.deepEqual([status, body.title, body.detail], [500, "Property failed", words]);
});

test("an action answers 201 with Location and a body for every client, and its output is fetched", {
  timeout: TEST_MS,
}, async () => {
  const { status, headers, body } = await call("POST", "/camera/add", { a: 1.5 });
  assert.equal(status, 201);
  assert.equal(headers.get("location"), body.href);
  assert.equal(body.links[0].rel, "self");
  assert.equal(body.action, "/camera/add");
  assert.deepEqual(body.input, { a: 1.5, b: 0 });
  const done = await finished(body.href);
  assert.deepEqual(
    [done.status, done.output, done.error, done.log[0].message],
    ["completed", 1.5, null, "adding 1.5"],
  );
  assert.equal((await call("GET", `/action_invocations/${body.id}/output`)).body, 1.5);
  const late = await call("DELETE", `/action_invocations/${body.id}`);
  assert.deepEqual([late.status, late.body.code], [503, "NOT_CANCELLABLE"]);
  assert.equal((await call("GET", "/camera/add")).body.at(-1).id, body.id);
});

test("a falsy output is an output", { timeout: TEST_MS }, async () => {
  const { body } = await call("POST", "/camera/add", { a: 0 });
  await finished(body.href);
  assert.deepEqual((await call("GET", `/action_invocations/${body.id}/output`)).body, 0);
});

test("a blob comes out as an absolute link, is fetched by it, and goes in again", {
  timeout: TEST_MS,
}, async () => {
  const { body } = await call("POST", "/camera/picture", {});
  const { output } = await finished(body.href);
  assert.equal(output.media_type, "image/jpeg");
  assert.equal(output.rel, "output");
  for (const href of [output.href, `${body.href}/output`]) {
    const file = await fetch(href);
    assert.equal(file.headers.get("content-type"), "image/jpeg");
    assert.equal((await file.arrayBuffer()).byteLength, 4);
  }
  const measured = await call("POST", "/camera/measure", { picture: output });
  assert.equal((await finished(measured.body.href)).output, 4);
  const lost = { ...output, href: `${url}/blob/00000000-0000-4000-8000-000000000000` };
  const refused = await call("POST", "/camera/measure", { picture: lost });
  assert.deepEqual([refused.status, refused.body.code], [422, "INVALID_INPUT"]);
  assert.match(refused.body.detail, /does not exist on this server, or has expired/);
});

test("a cancelled invocation has LabThings' error type, and Profile's word where only JSON is accepted", {
  timeout: TEST_MS,
}, async () => {
  const { body } = await call("POST", "/camera/wait", {});
  assert.equal((await call("DELETE", `/action_invocations/${body.id}`)).status, 204);
  const done = await finished(body.href);
  assert.equal(done.status, "cancelled");
  assert.match(done.error.type, /#labthings_fastapi\.exceptions\.InvocationCancelledError$/);
  assert.equal((await finished(body.href, { Accept: "application/json" })).status, "failed");
});

test("a failed invocation tells the error and its traceback", { timeout: TEST_MS }, async () => {
  const { body } = await call("POST", "/camera/fail");
  const done = await finished(body.href);
  assert.deepEqual(
    [done.status, done.error.detail, done.error.title],
    ["error", "out of film", "RangeError"],
  );
  assert.match(done.log.at(-1).traceback, /RangeError: out of film/);
});

test("a missing argument is named", async () => {
  const { status, body } = await call("POST", "/camera/add", {});
  assert.deepEqual(
    [status, body.errors[0].loc, body.errors[0].msg],
    [422, ["body", "a"], "Field required"],
  );
  assert.equal(body.detail, "Action 'add' of Thing 'camera' was not run: 'a' is missing.");
});

test("an unknown path, Thing or affordance is a 404 problem that says where to look", async () => {
  const affordance = await call("GET", "/camera/exposur");
  assert.equal(affordance.status, 404);
  assert.match(
    affordance.body.detail,
    /^Thing 'camera' has no affordance 'exposur'\. It has: .*\bexposure, /,
  );
  const thing = await call("POST", "/camra/add");
  assert.equal(thing.status, 404);
  assert.equal(
    thing.body.detail,
    "This server has nothing at /camra/add. The Things are at: /camera/.",
  );
});

test("a path with the wrong trailing slash is redirected, both ways", async () => {
  for (const [from, to] of [
    ["/camera", "/camera/"],
    ["/things", "/things/"],
    ["/action_invocations/", "/action_invocations"],
  ]) {
    const response = await fetch(url + from, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [307, to]);
  }
});

test("HEAD is answered wherever GET is, with the same headers and no body", async () => {
  for (const path of ["/camera/", "/camera/exposure", "/things/", "/camera/add", "/camera/live"]) {
    const response = await fetch(url + path, { method: "HEAD" });
    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), "");
  }
});

test("an event is delivered by long polling and as server-sent event", {
  timeout: TEST_MS,
}, async () => {
  const leave = new AbortController();
  const sse = await fetch(`${url}/camera/moved`, {
    headers: { Accept: "text/event-stream" },
    signal: leave.signal,
  });
  const polled = call("GET", "/camera/moved/next");
  await delay(20);
  await call("POST", "/camera/move", { x: 3 });
  assert.deepEqual((await polled).body, { x: 3 });
  const reader = sse.body!.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes("data: ")) told += (await reader.read()).value;
  assert.match(told, /event: moved\nid: \S+\ndata: {"x":3}\n\n/);
  leave.abort();
});
