import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { event, MJPEGStream, property, stream, Thing, ThingEvent } from "thingscope";
import { Type } from "typebox";
import { slowReaderCounts } from "../../src/base/slow-readers.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../memory.ts";
import { picture } from "../streams/pictures.ts";
import { Watcher } from "../streams/watching.ts";
import { openEvents } from "./event-streams.ts";
import { ask } from "./requests.ts";
import { served } from "./thing-bench.ts";
import { consumerOf } from "./webthing-bench.ts";

const timeout = TEST_MS;
const LARGE = 100_000;

/** What it tells is large, so that who does not read falls behind soon; `step` is small. */
class Busy extends Thing {
  @property("Much", Type.String()) accessor text = "";
  @property("Little", Type.Integer()) accessor step = 0;
  @event("It happened", Type.String()) readonly happened = new ThingEvent<string>();
  @stream("Large pictures") readonly wide = new MJPEGStream();
  @stream("The same, with little patience") readonly hasty = new MJPEGStream({ stallMs: 500 });
  @stream("Small pictures") readonly quick = new MJPEGStream({ ringbufferSize: 2 });

  go(): void {
    this.text = "x".repeat(LARGE) + this.step;
    this.happened.emit("y".repeat(LARGE));
    for (const large of [this.wide, this.hasty]) large.addFrame(picture(this.step, LARGE));
    for (let n = 0; n < 500; n++) this.quick.addFrame(picture(n));
    this.step += 1;
  }
}

/** A client that sends a request and reads nothing of the answer but its head. */
async function deaf(t: TestContext, port: number, path: string, ...headers: string[]) {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  socket.write([`GET ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n"));
  const [head] = (await once(socket, "data")) as [Buffer];
  socket.pause();
  assert.match(head.toString("latin1"), /^HTTP\/1\.1 (200|101)/, path);
  return socket;
}

const SSE = "Accept: text/event-stream";
const UPGRADE = [
  ...["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** As a client sends it over WebSocket, masked with zeros. */
function frameOf(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message));
  assert.ok(text.length < 126);
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
}

/** What has become of slow readers since it was called, as `reader outcome`. */
function outcomes(): () => Set<string> {
  const before = new Map(slowReaderCounts().map((one) => [one, one.count]));
  return () =>
    new Set(
      slowReaderCounts()
        .filter((one) => one.count > (before.get(one) ?? 0))
        .map(({ reader, outcome }) => `${reader} ${outcome}`),
    );
}

/** A program that takes calls, and answers none until it is told to. */
async function slowProgram(t: TestContext): Promise<{ host: string; answer(): void }> {
  const held: ServerResponse[] = [];
  let isAnswering = false;
  const program = createServer((_, response) => {
    if (isAnswering) response.end();
    else held.push(response);
  }).listen(0, "127.0.0.1");
  await once(program, "listening");
  t.after(() => {
    program.closeAllConnections();
    program.close();
  });
  const answer = () => {
    isAnswering = true;
    for (const response of held) response.end();
  };
  return { host: `127.0.0.1:${(program.address() as AddressInfo).port}`, answer };
}

test("slow clients of every kind at once: each has its outcome, counted, in bounded memory, and those that read miss nothing", {
  timeout,
}, async (t) => {
  const busy = new Busy();
  const { host, answer } = await slowProgram(t);
  const webhooks = { allowedHosts: [host] };
  const { port, url, json } = await served(t, { busy }, { server: { webhooks } });
  const first = await openEvents(t, `${url}/busy/step`);
  const pixels = new Watcher(port, "/busy/wide");
  t.after(() => pixels.socket.destroy());
  busy.go();
  const oldId = (await first.next()).id!;
  for (const path of ["/busy/wide?fps=1000&advance=1", "/busy/hasty"]) await deaf(t, port, path);
  for (const path of ["text", "events", "properties", "wide_frame"])
    await deaf(t, port, `/busy/${path}`, SSE);
  const sizes = await deaf(t, port, "/busy/quick/sizes");
  const protocol = "Sec-WebSocket-Protocol: webthingprotocol";
  const observer = await deaf(t, port, "/busy/ws", ...UPGRADE, protocol);
  observer.write(frameOf({ messageType: "request", operation: "observeallproperties" }));
  const labthings = await deaf(t, port, "/busy/ws", ...UPGRADE);
  labthings.write(frameOf({ messageType: "addPropertyObservation", data: { text: {}, step: {} } }));
  const post = { "Content-Type": "application/json" };
  const callback = { callbackURL: `http://${host}/` };
  const hook = { method: "POST", path: "/busy/text", headers: post };
  await ask(port, { ...hook, body: JSON.stringify(callback) });
  const told = outcomes();
  const memory = await memoryHeld();
  const wanted = [
    ...["viewer newest", "viewer cut", "event_stream dropped", "frame_events newest"],
    ...["websocket dropped", "websocket newest"],
  ];
  const steps: number[] = [];
  const isMissing = (outcome: string) => !told().has(outcome);
  while (wanted.some(isMissing)) {
    busy.go();
    steps.push(Number((await first.next()).data));
  }
  const grown = (await memoryHeldWithin(memory + 60e6)) - memory;
  assert.ok(grown < 60e6, `${grown} bytes more`);
  assert.deepEqual(
    steps,
    steps.map((_, n) => n + 2),
    "the listener that reads has heard of each step, once and in order",
  );
  sizes.resume();
  answer();
  while (["frame_events gap", "webhook gap"].some(isMissing)) await setImmediate();
  const newest = busy.wide.lastFrameIndex;
  await pixels.until(() => pixels.parts.at(-1)?.headers.get("x-frame-index") === String(newest));
  await t.test(
    "who comes back with an id that the ring has passed is told so, by each way",
    async () => {
      while (busy.step <= 1002) busy.step += 1;
      for (let n = 0; n < 10_010; n++) busy.quick.addFrame(picture(n));
      const run = busy.quick.run;
      const gapAfter = async (path: string, id: string) => {
        const events = await openEvents(t, `${url}${path}`, { "Last-Event-ID": id });
        const { event: name, data } = await events.next();
        events.close();
        return [name, JSON.parse(data!)] as const;
      };
      for (const path of ["/busy/text", "/busy/step", "/busy/properties", "/busy/events"]) {
        const [name, gap] = await gapAfter(path, oldId);
        assert.deepEqual([name, gap.after, gap.heldSince > oldId], ["gap", oldId, true], path);
      }
      const [name, gap] = await gapAfter("/busy/quick/sizes", `${run}:3`);
      const to = busy.quick.lastFrameIndex - 10_000;
      assert.deepEqual([name, gap], ["gap", { kind: "gap", run, from: 4, to }]);
      const polled = await ask(port, { path: `/busy/step/next?after=${oldId}` });
      assert.deepEqual([polled.headers["x-gap"], polled.status], ["true", 200]);
      const frames = await ask(port, { path: `/busy/quick_new_frame/next?after=${oldId}` });
      assert.deepEqual([frames.headers["x-gap"], JSON.parse(frames.text).index], ["true", to + 1]);
      assert.ok(
        ["event_stream gap", "long_poll gap", "frame_events gap"].every((one) => told().has(one)),
      );
    },
  );
  const metrics = String(await (await fetch(`${url}/metrics`)).text());
  for (const one of [...told()]) {
    const [reader, outcome] = one.split(" ");
    const line = `thingscope_slow_readers_total{reader="${reader}",outcome="${outcome}"} `;
    assert.match(metrics.split(line)[1] ?? "", /^[1-9]/, one);
  }
  assert.ok(await json("/busy/step"));
});

test("ids of another life of the server are answered with what is held, and with a gap where one can be told", {
  timeout,
}, async (t) => {
  const before = new Busy();
  const one = await served(t, { busy: before });
  const events = await openEvents(t, `${one.url}/busy/events`);
  before.quick.addFrame(picture(1));
  before.happened.emit("before");
  const lastFrame = (await events.next()).id!;
  const last = (await events.next()).id!;
  assert.ok(lastFrame < last);
  const { ask: askOld } = await consumerOf(t, `${one.url.replace("http", "ws")}/busy/ws`);
  await askOld("subscribeevent", { name: "happened" });
  const oldRun = before.quick.run;
  await one.server.close();

  const busy = new Busy();
  const { url, port } = await served(t, { busy });
  busy.quick.addFrame(picture(2));
  const again = await openEvents(t, `${url}/busy/events`, { "Last-Event-ID": last });
  assert.deepEqual((await again.next()).event, "gap");
  busy.happened.emit("after");
  assert.equal((await again.next()).data, '"after"');
  const sizes = await openEvents(t, `${url}/busy/quick/sizes`, { "Last-Event-ID": `${oldRun}:0` });
  const change = { kind: "run", run: busy.quick.run, previousRun: oldRun };
  assert.deepEqual(JSON.parse((await sizes.next()).data!), change);
  assert.equal(JSON.parse((await sizes.next()).data!).index, 0);
  const polled = await ask(port, { path: `/busy/quick_new_frame/next?after=${last}` });
  assert.deepEqual([polled.headers["x-gap"], JSON.parse(polled.text).index], ["true", 0]);
});

test("listeners with different filters are told the same notifications in one order, with the same ids", {
  timeout,
}, async (t) => {
  const busy = new Busy();
  const { url } = await served(t, { busy });
  const all = await openEvents(t, `${url}/busy/events`);
  const own = await openEvents(t, `${url}/busy/happened`);
  const { ask: say, told } = await consumerOf(t, `${url.replace("http", "ws")}/busy/ws`);
  await say("subscribeevent", { name: "quick_new_frame" });
  busy.happened.emit("1");
  busy.quick.addFrame(picture(1));
  busy.happened.emit("2");
  const merged = [await all.next(), await all.next(), await all.next()];
  assert.deepEqual(
    merged.map(({ event: name }) => name),
    ["happened", "quick_new_frame", "happened"],
  );
  const ids = merged.map(({ id }) => id!);
  assert.deepEqual([...new Set(ids)].sort(), ids);
  assert.deepEqual([(await own.next()).id, (await own.next()).id], [ids[0], ids[2]]);
  const frame = await told();
  assert.deepEqual([frame.timestamp, JSON.stringify(frame.data)], [ids[1], merged[1]!.data]);
});
