import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { placesOf } from "../../../src/server/http/route.ts";
import { OPERATIONS } from "../../../src/server/websocket/webthing-operations.ts";
import { TEST_MS } from "../../limits.ts";
import { bearer, secured } from "../secured.ts";
import { consumerOf, webThing } from "../webthing-bench.ts";

// The WebSocket Sub-protocol of the Web Thing Protocol, Draft Community Group Report of November 2025.

const options = { timeout: TEST_MS };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test(
  "the subprotocol is chosen by who opens the WebSocket, and described behind all other forms",
  options,
  async (t) => {
    const { connect, url, wsUrl } = await webThing(t);
    const { client } = await connect();
    assert.equal(client.protocol, "webthingprotocol");
    const { properties, forms } = JSON.parse(await (await fetch(`${url}/lamp/`)).text());
    assert.deepEqual(properties.level.forms.at(-1), {
      href: wsUrl,
      op: ["readproperty", "writeproperty", "observeproperty", "unobserveproperty"],
      contentType: "application/json",
      subprotocol: "webthingprotocol",
    });
    assert.ok(forms.at(-1).op.includes("observeallproperties"));
  },
);

test("properties are read and written, one, several and all", options, async (t) => {
  const { connect, lamp, url } = await webThing(t);
  const { ask } = await connect();
  const { id } = JSON.parse(await (await fetch(`${url}/lamp/`)).text());
  const correlationID = "5afb752f-8be0-4a3c-8108-1327a6009cbd";
  const read = await ask("readproperty", { thingID: id, name: "level", correlationID });
  assert.deepEqual(
    [read.thingID, read.name, read.value, read.correlationID],
    [id, "level", 0, correlationID],
  );
  assert.match(String(read.messageID), UUID);
  assert.match(String(read.timestamp), /Z$/);
  const written = await ask("writeproperty", { name: "level", value: 42 });
  assert.deepEqual([written.value, lamp.level], [42, 42]);
  const all = { level: 42, label: "x", hours: 2.5, fuse: 1, live_frame: null };
  assert.deepEqual((await ask("readallproperties")).values, all);
  const some = await ask("readmultipleproperties", { names: ["label", "hours"] });
  assert.deepEqual(some.values, { label: "x", hours: 2.5 });
  const several = await ask("writemultipleproperties", { values: { level: 7, label: null } });
  assert.deepEqual([several.values, lamp.level], [{ level: 7, label: null }, 7]);
  const values = { level: 8, label: "y", fuse: 2 };
  assert.deepEqual((await ask("writeallproperties", { values })).values, values);
});

test("what goes wrong is a problem in the answer to what was asked", options, async (t) => {
  const { connect, lamp } = await webThing(t);
  const { ask, say, told, client } = await connect();
  const refused = async (operation: string, members = {}) => {
    const { error, ...answer } = await ask(operation, members);
    const { status, type, title, detail } = Object(error);
    assert.deepEqual([typeof title, typeof detail], ["string", "string"]);
    assert.equal(Object.hasOwn(answer, "value"), false);
    if ([400, 403, 404, 500, 503].includes(status))
      assert.match(type, new RegExp(`errors#${status}$`));
    return status;
  };
  assert.equal(await refused("readproperty", { name: "nope" }), 404);
  assert.equal(await refused("readproperty"), 400);
  assert.equal(await refused("readproperty", { name: "level", thingID: "urn:another" }), 404);
  assert.equal(await refused("writeproperty", { name: "level", value: 101 }), 400);
  assert.equal(await refused("writeproperty", { name: "level" }), 400);
  assert.equal(await refused("writeproperty", { name: "hours", value: 1 }), 403);
  assert.equal(await refused("readmultipleproperties", { names: [] }), 400);
  assert.equal(await refused("readmultipleproperties", { names: ["nope"] }), 400);
  assert.equal(await refused("writemultipleproperties", { values: {} }), 400);
  assert.equal(await refused("writemultipleproperties", { values: { level: 1, hours: 1 } }), 400);
  assert.equal(await refused("writeallproperties", { values: { level: 1 } }), 400);
  assert.equal(await refused("observeproperty", { name: "hours" }), 400);
  assert.equal(await refused("subscribeevent", { name: "nope" }), 404);
  assert.equal(await refused("invokeaction", { name: "nope" }), 404);
  assert.equal(await refused("invokeaction", { name: "add", input: { a: 1 } }), 400);
  assert.equal(await refused("queryaction", { actionID: "nope" }), 404);
  assert.equal(await refused("dance"), 400);
  assert.equal(lamp.level, 0);
  lamp.fuseIsBurnt = true;
  assert.equal(await refused("writemultipleproperties", { values: { level: 1, fuse: 2 } }), 500);
  say("{");
  assert.equal(Object((await told()).error).status, 400);
  say({ messageType: "response", operation: "readproperty", correlationID: "c" });
  const wrong = await told();
  assert.deepEqual(
    [wrong.correlationID, wrong.operation, Object(wrong.error).status],
    ["c", "readproperty", 400],
  );
  client.send(Buffer.of(1, 2));
  assert.match(Object((await told()).error).detail, /binary/);
});

test(
  "an observed property is told at each change until it is no longer observed; the last to ask is answered",
  options,
  async (t) => {
    const { connect, lamp } = await webThing(t);
    const { ask, told } = await connect();
    await ask("observeproperty", { name: "level", correlationID: "first" });
    await ask("observeproperty", { name: "level", correlationID: "second" });
    lamp.label = "not observed";
    lamp.level = 1;
    lamp.level = 2;
    const [one, two] = [await told(), await told()];
    assert.deepEqual(
      [one.messageType, one.operation, one.name, one.value, one.correlationID],
      ["notification", "observeproperty", "level", 1, "second"],
    );
    assert.equal(two.value, 2);
    assert.match(String(two.messageID), UUID);
    await ask("unobserveproperty", { name: "level" });
    lamp.level = 3;
    assert.equal((await ask("readproperty", { name: "level" })).value, 3);
    await ask("observeallproperties", { correlationID: "all" });
    await ask("unobserveproperty", { name: "level" });
    lamp.level = 4;
    lamp.label = "observed";
    const all = await told();
    assert.deepEqual(
      [all.operation, all.name, all.value, all.correlationID],
      ["observeallproperties", "label", "observed", "all"],
    );
    await ask("unobserveallproperties");
    lamp.label = "no more";
    assert.equal((await ask("readproperty", { name: "label" })).value, "no more");
  },
);

test(
  "who connects again with the last notification it had is told what it missed",
  options,
  async (t) => {
    const { connect, lamp } = await webThing(t);
    const first = await connect();
    await first.ask("observeproperty", { name: "level" });
    await first.ask("subscribeevent", { name: "overheated" });
    lamp.level = 1;
    lamp.overheated.emit(80);
    const { messageID } = await first.told();
    first.client.close();
    lamp.level = 2;
    lamp.level = 3;
    const again = await connect();
    await again.ask("observeproperty", { name: "level", lastNotificationID: messageID });
    assert.deepEqual([(await again.told()).value, (await again.told()).value], [2, 3]);
    await again.ask("subscribeallevents", { lastNotificationID: messageID });
    const missed = await again.told();
    assert.deepEqual(
      [missed.name, missed.data, missed.operation],
      ["overheated", 80, "subscribeallevents"],
    );
    const unknown = "5d09d466-3ee6-49e2-a4af-fe50c4d86b96";
    await again.ask("observeproperty", { name: "label", lastNotificationID: unknown });
    lamp.label = "new";
    assert.equal((await again.told()).value, "new");
  },
);

test("events are told with their data, if they have any", options, async (t) => {
  const { connect, lamp } = await webThing(t);
  const { ask, told } = await connect();
  await ask("subscribeevent", { name: "overheated", correlationID: "hot" });
  await ask("subscribeevent", { name: "broken" });
  lamp.overheated.emit(99);
  lamp.broken.emit();
  const hot = await told();
  assert.deepEqual(
    [hot.operation, hot.name, hot.data, hot.correlationID],
    ["subscribeevent", "overheated", 99, "hot"],
  );
  const broken = await told();
  assert.deepEqual([broken.name, Object.hasOwn(broken, "data")], ["broken", false]);
  await ask("unsubscribeevent", { name: "broken" });
  lamp.broken.emit();
  await ask("unsubscribeallevents");
  lamp.overheated.emit(100);
  assert.equal((await ask("readproperty", { name: "level" })).value, 0);
});

test(
  "a synchronous action is answered with its output; of another each step is told, and can be asked",
  options,
  async (t) => {
    const { connect, lamp, host } = await webThing(t);
    const { ask, told, client, say } = await connect();
    const sum = await ask("invokeaction", { name: "add", input: { a: 1, b: -1 } });
    assert.deepEqual([sum.output, Object.hasOwn(sum, "status")], [0, false]);
    assert.equal(Object.hasOwn(await ask("invokeaction", { name: "blink" }), "output"), false);
    const fading = await ask("invokeaction", { name: "fade", correlationID: "fade" });
    const { actionID, state } = Object(fading.status);
    assert.equal(state, "pending");
    assert.equal(Object((await told()).status).state, "running");
    assert.equal(Object((await ask("queryaction", { actionID })).status).state, "running");
    const cancelled = await ask("cancelaction", { actionID });
    assert.equal(cancelled.actionID, actionID);
    const ended = await told();
    assert.deepEqual(
      [
        ended.messageType,
        ended.operation,
        ended.name,
        Object(ended.status).state,
        ended.correlationID,
      ],
      ["notification", "invokeaction", "fade", "failed", "fade"],
    );
    assert.equal(Object((await ask("cancelaction", { actionID })).error).status, 503);
    await ask("invokeaction", { name: "zero" });
    let done = Object((await told()).status);
    if (done.state === "running") done = Object((await told()).status);
    assert.deepEqual([done.state, done.output], ["completed", 0]);
    const { statuses } = await ask("queryallactions");
    assert.deepEqual(
      Object(statuses).zero.map((status: object) => Reflect.get(status, "state")),
      ["completed"],
    );
    say({ messageType: "request", operation: "invokeaction", name: "wait" });
    while (!lamp.waiting) await new Promise((resolve) => setImmediate(resolve));
    client.terminate();
    const [run] = host.invocations.list({ action: "wait" });
    await run?.ended;
    assert.equal(run?.status, "cancelled");
  },
);

test(
  "a client that reads nothing is ended with a reason, and may come back for what is held",
  options,
  async (t) => {
    const { connect, lamp } = await webThing(t);
    const { ask, client } = await connect();
    await ask("observeproperty", { name: "label" });
    client.pause();
    const closed = once(client, "close");
    for (let n = 0; n < 600; n++) {
      lamp.label = "x".repeat(100_000) + n;
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.resume();
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1013, "You read too slowly."]);
  },
);

test("who may only view is refused what changes something", options, async (t) => {
  const { url, tokens, camera } = await secured(t);
  const wsUrl = `${url.replace("http", "ws")}/camera/ws`;
  const viewer = await consumerOf(t, wsUrl, bearer(tokens.view));
  assert.equal((await viewer.ask("readproperty", { name: "exposure" })).value, 20);
  for (const [operation, members] of [
    ["writeproperty", { name: "exposure", value: 1 }],
    ["writemultipleproperties", { values: { exposure: 1 } }],
    ["invokeaction", { name: "shoot" }],
    ["cancelaction", { actionID: "x" }],
  ] as const) {
    assert.equal(Object((await viewer.ask(operation, members)).error).status, 403, operation);
  }
  assert.deepEqual([camera.exposure, camera.touched], [20, 0]);
  const operator = await consumerOf(t, wsUrl, bearer(tokens.operate));
  assert.equal((await operator.ask("writeproperty", { name: "exposure", value: 1 })).value, 1);
});

test("every operation is for the role that its route is for", options, async (t) => {
  const { server } = await webThing(t);
  const roles = new Map<string, string>();
  for (const route of server.routes.filter(({ response }) => response.status !== 101)) {
    const places = placesOf(route).filter(({ thing }) => thing === "lamp");
    for (const name of places.flatMap(({ op }) => op)) roles.set(name, route.role);
  }
  roles.set("writeallproperties", "operate"); // not over HTTP
  for (const [name, { role }] of OPERATIONS) assert.equal(role, roles.get(name), name);
});
