// What a Thing adds to itself, and limits that it moves, as clients see them: at once, and wherever they look.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { property, Thing, ThingError } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { WebSocket } from "ws";
import { tdFaults } from "../../conformance/td-schema.ts";
import { patience, TEST_MS } from "../../limits.ts";

const timeout = TEST_MS;

class Bench extends Thing {
  @property("Power", Type.Number({ maximum: 10 })) accessor power = 1;
  value = 1;

  addGain(maximum = 100): void {
    this.addProperty({
      ...{ name: "gain", title: "Gain", types: ["iot:Gain"], observable: true },
      schema: Type.Number({ maximum }),
      read: async () => this.value,
      write: async (value) => {
        if (value > 50) throw new ThingError("INVALID_INPUT", "The device takes 50 at most.");
        this.value = value;
      },
    });
  }
}

async function served() {
  const opened = await openTestHost(Bench);
  const signal = patience();
  const get = async (path: string, headers = {}) => {
    const response = await fetch(opened.origin + path, { signal, headers });
    return {
      status: response.status,
      etag: response.headers.get("etag")!,
      text: await response.text(),
    };
  };
  const put = async (path: string, value: unknown) => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(value);
    const response = await fetch(opened.origin + path, { method: "PUT", headers, body, signal });
    return { status: response.status, text: await response.text() };
  };
  return { opened, thing: opened.thing, get, put };
}

test("what a Thing adds is described, listed and answered from the next request on", {
  timeout,
}, async () => {
  const { opened, thing, get, put } = await served();
  await using _ = opened;
  const before = await get("/thing/");
  assert.equal((await get("/thing/gain")).status, 404);
  thing.addGain();
  const cached = await get("/thing/", { "If-None-Match": before.etag });
  assert.equal(cached.status, 200);
  const td = JSON.parse(cached.text);
  assert.deepEqual(tdFaults(td), []);
  assert.equal(td.properties.gain["@type"], "iot:Gain");
  assert.equal(td.properties.gain.maximum, 100);
  const listed = await Promise.all(
    ["/openapi.json", "/thing_descriptions/", "/directory/things"].map((path) => get(path)),
  );
  for (const { text } of listed) assert.match(text, /\/thing\/gain/);
  assert.doesNotMatch((await get("/thing_models/Bench")).text, /gain/, "the class has none");
  assert.deepEqual(JSON.parse((await get("/thing/properties")).text), { power: 1, gain: 1 });
  assert.equal((await put("/thing/gain", 20)).status, 204);
  assert.deepEqual([(await get("/thing/gain")).text, thing.value], ["20", 20]);
  assert.equal((await put("/thing/properties", { gain: 30, power: 2 })).status, 204);
  const refused = await put("/thing/gain", 60);
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [422, "INVALID_INPUT"]);
  assert.match(refused.text, /The device takes 50 at most\./);
  thing.removeProperty("gain");
  assert.equal((await get("/thing/gain")).status, 404);
  assert.equal((await get("/thing/")).etag, before.etag);
});

test("limits that move are in every description at once", { timeout }, async () => {
  const { opened, thing, get, put } = await served();
  await using _ = opened;
  const td = () => get("/thing/");
  const before = await td();
  const openapi = await get("/openapi.json");
  thing.changeSchema("power", Type.Number({ maximum: 20 }));
  assert.equal((await put("/thing/power", 15)).status, 204);
  assert.equal(JSON.parse((await td()).text).properties.power.maximum, 20);
  assert.match((await get("/openapi.json")).text, /"maximum":20\b/);
  assert.match((await get("/directory/things")).text, /"maximum":20\b/);
  assert.match((await get("/thing_models/Bench")).text, /"maximum":10\b/, "the class's");
  thing.changeSchema("power", Type.Number({ maximum: 10 }));
  assert.equal((await td()).etag, before.etag);
  assert.equal((await get("/openapi.json")).etag, openapi.etag);
});

test("who observes all properties, or all events, observes those that come later too", {
  timeout,
}, async () => {
  const { opened, thing } = await served();
  await using _ = opened;
  const headers = { Accept: "text/event-stream" };
  const follow = async (path: string) => {
    const response = await fetch(`${opened.url}${path}`, { headers, signal: patience() });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let all = "";
    return async (what: string) => {
      while (!all.includes(what)) all += (await reader.read()).value;
    };
  };
  thing.addEvent({ name: "first", title: "First", schema: Type.Null() });
  const properties = await follow("properties");
  const events = await follow("events");
  const socket = new WebSocket(`${opened.url.replace("http", "ws")}ws`, "webthingprotocol");
  const messages: string[] = [];
  socket.on("message", (data) => messages.push(String(data)));
  const said = async (what: RegExp) => {
    while (!messages.some((message) => what.test(message)))
      await once(socket, "message", { signal: patience() });
  };
  await once(socket, "open", { signal: patience() });
  for (const operation of ["observeallproperties", "subscribeallevents"])
    socket.send(JSON.stringify({ messageType: "request", operation }));
  await said(/"operation":"subscribeallevents"/);
  thing.addGain();
  const ready = thing.addEvent({ name: "ready", title: "Ready", schema: Type.Integer() });
  ready.emit(7);
  await opened.hosted.writeProperty("gain", 3);
  await properties("event: gain\n");
  await events("event: ready\n");
  await said(/"name":"gain","value":3/);
  await said(/"name":"ready","data":7/);
  thing.removeProperty("gain");
  thing.addGain();
  await opened.hosted.writeProperty("gain", 4);
  await said(/"name":"gain","value":4/);
  socket.close();
});

test("an event is told while the Thing has it, and to those who followed it when it comes again", {
  timeout,
}, async () => {
  const { opened, thing } = await served();
  await using _ = opened;
  const add = () => thing.addEvent({ name: "done", title: "Done", schema: Type.Integer() });
  const before = add();
  const told: unknown[] = [];
  opened.hosted.onEvent("done", (data) => told.push(data));
  before.emit(1);
  thing.removeEvent("done");
  before.emit(2);
  const after = add();
  after.emit(3);
  before.emit(4);
  assert.deepEqual(told, [1, 3]);
});

test("a webhook is cancelled also when the Thing does not have its property any more", {
  timeout,
}, async () => {
  const webhooks = { allowedHosts: ["127.0.0.1"] };
  await using opened = await openTestHost(Bench, { server: { webhooks } });
  opened.thing.addGain();
  const answer = await fetch(`${opened.url}gain`, {
    ...{ method: "POST", headers: { "Content-Type": "application/json" } },
    ...{ body: JSON.stringify({ callbackURL: "http://127.0.0.1:1/" }), signal: patience() },
  });
  const location = String(answer.headers.get("location"));
  opened.thing.removeProperty("gain");
  const cancel = async (url: string) =>
    (await fetch(url, { method: "DELETE", signal: patience() })).status;
  assert.equal(await cancel(location.replace("/gain/", "/power/")), 404);
  assert.equal(await cancel(location), 204);
  assert.equal(await cancel(location), 404);
});

test("a client notices that a Thing has another description, and has what is new", {
  timeout,
}, async () => {
  const { opened, thing } = await served();
  await using _ = opened;
  const client = await opened.client();
  assert.equal(await client.refresh(), false);
  thing.addGain(); // before it follows
  const changes = client.changes(patience());
  const first = await changes.next();
  assert.deepEqual(Object.keys(client.properties), ["power", "gain"]);
  assert.equal(first.value, client.td);
  assert.equal(await client.read("gain"), 1);
  thing.changeSchema("gain", Type.Number({ maximum: 5 }));
  await changes.next();
  assert.equal(client.properties.gain?.description.maximum, 5);
  thing.removeProperty("gain");
  assert.equal(await client.refresh(), true);
  await assert.rejects(client.read("gain"), { code: "UNKNOWN_AFFORDANCE" });
  changes.close();
});

test("the directory tells of a changed model once for all changes of a turn", {
  timeout,
}, async () => {
  const { opened, thing } = await served();
  await using _ = opened;
  const stream = await fetch(`${opened.origin}/directory/events/thing_updated`, {
    signal: patience(),
  });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  const text = async (count: number) => {
    let all = "";
    while (all.split("event: thing_updated").length <= count) all += (await reader.read()).value;
    return all;
  };
  for (const maximum of [1, 2, 3]) thing.addGain(maximum);
  thing.addGain(3);
  const told = await text(1);
  thing.changeSchema("gain", Type.Number({ maximum: 4 }));
  const again = await text(1);
  assert.equal((told + again).split("event: thing_updated").length, 3);
  await reader.cancel();
});

test("what is unplugged stays described, says since when, and when it is opened again", {
  timeout,
}, async () => {
  class Unplugged extends Bench {
    isIn = true;
    override open(): void {
      if (!this.isIn) throw new Error("No device is at this port.");
      this.addGain();
    }
  }
  await using opened = await openTestHost(Unplugged, { host: { reopenAfterMs: [60_000, 60_000] } });
  const get = async (path: string) => {
    const response = await fetch(opened.origin + path, { signal: patience() });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const open = async () => {
    const path = `${opened.origin}/things/thing/open`;
    const response = await fetch(path, { method: "POST", signal: patience() });
    return JSON.parse(await response.text());
  };
  const td = await get("/thing/");
  opened.thing.isIn = false;
  opened.thing.context.disconnected("The cable is out.");
  const { things } = (await get("/health")).body;
  const { state, since, nextTry } = things.thing;
  const pause = Date.parse(nextTry) - Date.parse(since);
  assert.deepEqual([state, Math.abs(pause - 60_000) < 30_000], ["disconnected", true], `${pause}`);
  const failed = await open();
  assert.deepEqual([failed.state, failed.reason], ["disconnected", "No device is at this port."]);
  assert.deepEqual((await get("/thing/")).body, td.body);
  assert.equal((await get("/thing/gain")).status, 503);
  opened.thing.isIn = true;
  const again = await open();
  assert.deepEqual([again.state, again.reason, again.nextTry], ["open", null, null]);
  assert.equal((await get("/thing/gain")).body, 1);
});
