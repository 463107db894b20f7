import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { ThingServer } from "thingscope";
import { ThorVisionServer } from "thingscope/thorvision";
import { WebSocket } from "ws";
import { tdFaults } from "../../conformance/td-schema.ts";
import { TEST_MS } from "../../limits.ts";
import { converse } from "../../server/requests.ts";
import { PulseCamera, thorVisionFor, UntoldCamera, until } from "./serving.ts";

const timeout = TEST_MS;
const START = { id: 0, port: 9001, capability: "image/jpeg,width=320,height=240,framerate=30/1" };

test("/cameras has each camera with id, name, device_id and what it offers", {
  timeout,
}, async (t) => {
  const cameras = { left: new PulseCamera(), right: new PulseCamera({ fps: 5 }) };
  const { thing, ask } = await thorVisionFor(t, cameras);
  await until(() => thing.available.length === 2);
  const { status, body } = await ask("/cameras");
  assert.equal(status, 200);
  const caps = (width: number, height: number, rates: string[]) =>
    rates.map((framerate) => ({ media_type: "image/jpeg", format: "", width, height, framerate }));
  const fast = ["30/1", "15/1", "5/1", "1/1"];
  assert.deepEqual(body, [
    {
      ...{ id: 0, name: "left", device_id: "left" },
      caps: [...caps(320, 240, fast), ...caps(160, 120, fast)],
    },
    {
      ...{ id: 1, name: "right", device_id: "right" },
      caps: [...caps(320, 240, ["5/1", "1/1"]), ...caps(160, 120, ["5/1", "1/1"])],
    },
  ]);
  await until(() => cameras.left.mjpeg_stream.demand.count === 0);
});

test("the rate of a camera that does not say it is measured", { timeout }, async (t) => {
  const { thing } = await thorVisionFor(t, { slow: new UntoldCamera({ fps: 10 }) });
  await until(() => thing.available.length === 1);
  const [first] = thing.available[0]!.capabilities;
  const fps = Number(/framerate=(\d+)\/1$/.exec(first!)?.[1]);
  assert.ok(fps >= 5 && fps <= 12, first); // a busy machine makes it slower, not faster
});

test("what else clients of the wire ask for is there", { timeout }, async (t) => {
  const { ask, port } = await thorVisionFor(t);
  assert.deepEqual((await ask("/")).status, 200);
  assert.match(JSON.stringify((await ask("/api_version")).body), /^\{"version":"\d+\.\d+\.\d+"\}$/);
  const { body } = await ask("/openapi.json");
  assert.deepEqual(Object.keys((body as { paths: object }).paths).sort(), [
    ...["/", "/api_version", "/cameras", "/h264", "/h265", "/jpeg", "/logs", "/logs/{name}"],
    ...["/openapi.json", "/stop"],
  ]);
  assert.deepEqual((await ask("/logs")).body, []);
  const head = await fetch(`http://127.0.0.1:${port}/cameras`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const offer = "Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA";
  const java = await converse(port, `GET /cameras HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n\r\n`);
  assert.match(java, /^HTTP\/1.1 200 /, "as Java's client asks");
});

test("what is wrong with a request is one sentence, within half a second", {
  timeout,
}, async (t) => {
  const { thing, ask } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const cases: [string, unknown, number, RegExp][] = [
    ["/jpeg", {}, 422, /^The request is invalid: 'id' is missing; 'port' is missing; /],
    ["/jpeg", { ...START, port: 80 }, 422, /'port' should be greater than or equal to 1024/],
    ["/jpeg", { ...START, id: 7 }, 404, /^Camera 7 does not exist\. Available: 0\.$/],
    ["/stop", { id: 0 }, 404, /^127\.0\.0\.1 has no stream of camera 0\.$/],
    ["/h264", START, 501, /JPEG only/],
    ["/logs/..%2F..%2Fetc%2Fpasswd", undefined, 404, /^There is no log '\.\.\/\.\.\/etc\/passwd'/],
    ["/logs/none.log", undefined, 404, /GET \/logs lists them/],
    ["/jpeg", undefined, 405, /allows POST, not GET/],
    ["/nowhere", undefined, 404, /^\/nowhere does not exist\. The routes are: \/ /],
    ["/%zz", undefined, 404, /does not exist/],
  ];
  for (const [path, body, status, words] of cases) {
    const answer = await ask(path, body);
    assert.equal(answer.status, status, path);
    assert.match((answer.body as { detail: string }).detail, words);
    assert.ok(answer.took < 500, `${path} took ${answer.took} ms`);
  }
  assert.equal(thing.complaints.refused, cases.length);
});

test("a page of another origin, or of a name that is not ours, may neither ask nor listen", {
  timeout,
}, async (t) => {
  const { port } = await thorVisionFor(t);
  const refused = await fetch(`http://127.0.0.1:${port}/stop`, {
    ...{ method: "POST", body: '{"id":0}' },
    headers: { "Content-Type": "application/json", Origin: "http://elsewhere.example" },
  });
  assert.equal(refused.status, 403);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin: "http://elsewhere.example" });
  const [error] = await once(socket, "error");
  assert.match(error.message, /403/);
});

test("/ws tells when a camera has gone and when it is there again, and events do too", {
  timeout,
}, async (t) => {
  const camera = new PulseCamera();
  const { thing, port } = await thorVisionFor(t, { left: camera });
  await until(() => thing.available.length === 1);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  t.after(() => socket.terminate());
  const told: { event_type: string; camera: { id: number; caps: unknown[] } }[] = [];
  socket.on("message", (data) => told.push(JSON.parse(String(data))));
  await once(socket, "open");
  await until(() => thing.listeners === 1);
  const removed: string[] = [];
  thing.camera_removed.on(({ name }) => removed.push(name));
  const release = camera.mjpeg_stream.demand.take(); // a camera that nobody wants to see fails no one
  camera.isUnplugged = true;
  await until(() => told.length === 1);
  camera.isUnplugged = false;
  await until(() => told.length === 2);
  release();
  assert.deepEqual(
    told.map((message) => [message.event_type, message.camera.id, message.camera.caps.length]),
    [
      ["Removed", 0, 8],
      ["Added", 0, 8],
    ],
  );
  assert.deepEqual(removed, ["left"]);
});

test("options that cannot be used are told in one sentence", () => {
  const make = (options: object) => () => new ThorVisionServer(options);
  assert.throws(make({ host: "0.0.0.0" }), /has no login.*insecure: true/);
  assert.throws(
    make({ port: "8000" }),
    /A ThorVisionServer cannot be created with these options: 'port' should be an integer, but is '8000'\.$/,
  );
  assert.throws(make({ prot: 8000 }), /'prot' is not known/);
  assert.throws(make({ latency_ms: 1 }), /'latency_ms' should be/);
});

test("its Thing Description is valid, and properties say what is served", {
  timeout,
}, async (t) => {
  const { host, thing } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  assert.deepEqual(tdFaults(await (await fetch(`${url}/thorvision/`)).json()), []);
  const read = async (name: string) => (await fetch(`${url}/thorvision/${name}`)).json();
  assert.match(String(await read("address")), /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(await read("streams"), []);
  assert.equal(await read("clients"), 0);
});
