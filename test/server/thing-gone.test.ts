// Who follows a Thing that a reload takes away, or makes anew, is told so: nothing stays open and silent.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import {
  action,
  event,
  type Invocation,
  MJPEGStream,
  property,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { renderSvg } from "thingscope/frames";
import { Type } from "typebox";
import { WebSocket } from "ws";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const jpeg = await renderSvg('<svg viewBox="0 0 4 3"/>', { width: 32, height: 24 });
const SSE = { Accept: "text/event-stream" };
const WHY = /^Thing 'lamp' was closed, because the configuration has changed\./;

class Lamp extends Thing {
  @property("Power", Type.Number()) accessor power = 1;
  @event("It burnt out", Type.Object({})) readonly burnt = new ThingEvent<object>();
  @stream("Pictures") readonly live = new MJPEGStream();

  @action("Wait", { synchronous: true }) async linger(_: unknown, run: Invocation) {
    await once(run.signal, "abort");
  }
}

async function served(t: TestContext) {
  const host = new ThingHost();
  const lamps = { lamp: new Lamp(), other: new Lamp() };
  for (const [name, lamp] of Object.entries(lamps)) host.add(name, lamp);
  const server = new ThingServer(host, { webhooks: { allowedHosts: ["127.0.0.1:1"] } });
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  const exchange = (names: string[], add = async () => {}) =>
    host.exchange(names, async () => {
      await add();
      await server.thingsChanged();
    });
  return { host, lamps, url, exchange };
}

/** The answer's head has come. @returns What came until the end. */
async function follow(
  url: string,
  headers: Record<string, string> = {},
): Promise<() => Promise<string>> {
  const response = await fetch(url, { headers });
  assert.equal(response.status, 200, url);
  return () => response.text();
}

async function socketTo(url: string, ...protocols: string[]): Promise<Promise<[number, string]>[]> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, protocols);
  const ended = once(socket, "close").then(([code, reason]): [number, string] => [
    code,
    String(reason),
  ]);
  await once(socket, "open");
  return [ended]; // in a list, so that nobody awaits it yet
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

test("WebSockets, event streams, long polls and viewers of a Thing that is taken away end with the reason; those of others go on", {
  timeout,
}, async (t) => {
  const { url, lamps, exchange } = await served(t);
  const streams = await Promise.all([
    follow(`${url}/lamp/power`, SSE),
    follow(`${url}/lamp/burnt`, SSE),
    follow(`${url}/lamp/properties`, SSE),
    follow(`${url}/lamp/events`, SSE),
    follow(`${url}/lamp/live/sizes`, SSE),
  ]);
  const sockets = (
    await Promise.all([socketTo(`${url}/lamp`), socketTo(`${url}/lamp`, "webthingprotocol")])
  ).flat();
  const viewer = await fetch(`${url}/lamp/live`);
  const answers = ["power/next", "burnt/next", "live/next", "live/snapshot?wait=30"].map((path) =>
    fetch(`${url}/lamp/${path}`),
  );
  const subscribed = await fetch(`${url}/lamp/power`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ callbackURL: "http://127.0.0.1:1/" }),
  });
  assert.equal(subscribed.status, 201);
  const other = (await fetch(`${url}/other/power`, { headers: SSE })).body!.getReader();
  const otherViewer = (await fetch(`${url}/other/live`)).body!.getReader();
  const [otherSocket] = await socketTo(`${url}/other`);
  const goneOn = Promise.race([
    otherSocket,
    new Promise((resolve) => setImmediate(resolve, "open")),
  ]);
  assert.equal(await metric(url, "thingscope_webhook_subscriptions"), 1);

  await exchange(["lamp"]);

  for (const end of streams)
    assert.match(await end(), /event: dropped\ndata: "Thing 'lamp' was closed/);
  for (const socket of sockets) {
    const [code, reason] = await socket;
    assert.equal(code, 1001);
    assert.match(reason, WHY);
  }
  await viewer.text().catch(() => {}); // it ends
  for (const answer of await Promise.all(answers)) {
    const { detail } = (await answer.json()) as { detail: string };
    assert.equal(answer.status, 503, answer.url);
    assert.match(detail, WHY);
  }
  while ((await metric(url, "thingscope_webhook_subscriptions")) > 0);
  assert.equal((await fetch(`${url}/lamp/power`)).status, 404);

  lamps.other.power = 7;
  lamps.other.live.addFrame(jpeg);
  let told = "";
  while (!told.includes("data: 7")) told += new TextDecoder().decode((await other.read()).value);
  assert.equal((await otherViewer.read()).done, false);
  assert.equal(await goneOn, "open");
  await Promise.all([other.cancel(), otherViewer.cancel()]);
});

test("a client of a Thing that is made anew is told so, and finds the new one at once", {
  timeout,
}, async (t) => {
  const { url, host, exchange } = await served(t);
  const [socket] = await socketTo(`${url}/lamp`);
  const end = await follow(`${url}/lamp/power`, SSE);
  const running = fetch(`${url}/lamp/linger`, { method: "POST" });
  const next = new Lamp();
  next.power = 5;
  while ((await (await fetch(`${url}/lamp/linger`)).text()) === "[]");
  await exchange(["lamp"], async () => {
    host.add("lamp", next);
  });
  assert.match((await socket!)[1], WHY);
  assert.match(await end(), /event: dropped/);
  assert.notEqual((await running).status, 200);
  assert.equal(await (await fetch(`${url}/lamp/power`)).text(), "5");
});

test("what a Thing that is gone held is released", { timeout }, async (t) => {
  const { url, host, exchange } = await served(t);
  const gone: WeakRef<object>[] = [];
  for (let n = 0; n < 20; n++) {
    const { body } = await fetch(`${url}/lamp/power`, { headers: SSE });
    await exchange(["lamp"], async () => {
      host.add("lamp", new Lamp());
    });
    for await (const _ of body!);
    gone.push(new WeakRef(host.get("lamp")));
  }
  const { gc } = globalThis;
  assert.ok(gc, "tests run with --expose-gc");
  const end = performance.now() + 10_000;
  const left = () => gone.filter((one) => one.deref()).length;
  for (; left() > 3 && performance.now() < end; gc()) await new Promise((r) => setTimeout(r, 20));
  assert.ok(left() <= 3, `${left()} of 20 are still held`);
});
