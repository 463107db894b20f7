import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readMetadata } from "thingscope/thorvision";
import { packagePath } from "../../src/base/package-root.ts";
import {
  asking,
  freeUdpPort,
  PulseCamera,
  thorVisionFor,
  until,
} from "../adapters/thorvision/serving.ts";
import { folderWith } from "../cli/run-cli.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { childrenOf, run } from "./pipelines.ts";

const timeout = TEST_MS;
const FULL = "image/jpeg,width=320,height=240,framerate=30/1";

/** A receiver that knows nothing but SRT and JPEG. */
const receiver = (port: number) =>
  run({
    pipeline: `srtclientsrc uri=srt://127.0.0.1:${port} latency=500 ! queue ! jpegparse ! gdppay ! fdsink fd=1`,
  });

/** A POST to this machine from one of its own addresses. */
function postFrom(localAddress: string, port: number, path: string, body: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, localAddress, method: "POST" };
    const headers = { "Content-Type": "application/json" };
    const sent = request({ ...options, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject).end(JSON.stringify(body));
  });
}

test("GStreamer receives every frame, whole, with its index, its times and its TTL levels", {
  timeout,
}, async (t) => {
  const camera = new PulseCamera();
  const { thing, ask } = await thorVisionFor(t, { left: camera });
  await until(() => thing.available.length === 1);
  const port = await freeUdpPort();
  assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
  const { take } = await receiver(port);
  const frames = await take(60);
  const found = frames.map(({ jpeg }) => readMetadata(jpeg)!);
  const first = found[0]!;
  assert.deepEqual(
    found.map(({ sampleIndex }) => sampleIndex - first.sampleIndex),
    found.map((_, n) => n),
  );
  for (const [n, { deviceTime, videoTime, ttlIn, ttlOut }] of found.entries()) {
    assert.deepEqual([ttlIn, ttlOut], [5, 0]);
    assert.equal(deviceTime - first.deviceTime, videoTime - first.videoTime, `frame ${n}`);
    assert.ok(n === 0 || videoTime > found[n - 1]!.videoTime);
  }
  const age = Date.now() - Number(found.at(-1)!.deviceTime / 1_000_000n);
  assert.ok(age >= 0 && age < 10_000, `the newest frame is ${age} ms old`);
  const original = await jpegOf(320, 240);
  assert.deepEqual(frames[30]!.jpeg.subarray(46), Uint8Array.from(original.subarray(2)));
  const [stream] = thing.streams;
  assert.deepEqual(stream?.dropped, { behind: 0, too_fast: 0, not_running: 0 });
  assert.equal((await ask("/stop", { id: 0 })).status, 200);
  assert.deepEqual(thing.streams, []);
  assert.deepEqual(thing.pids, []);
  await until(() => camera.mjpeg_stream.demand.count === 0);
});

test("a smaller and slower capability is what it says", { timeout }, async (t) => {
  const { thing, ask } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const port = await freeUdpPort();
  const capability = "image/jpeg,width=160,height=120,framerate=15/1";
  assert.equal((await ask("/jpeg", { id: 0, port, capability })).status, 200);
  const { take } = await receiver(port);
  const [a, ...more] = (await take(20)).map(({ jpeg }) => readMetadata(jpeg)!);
  const seconds = Number(more.at(-1)!.videoTime - a!.videoTime) / 1e9;
  assert.ok(more.length / seconds < 17, `${more.length / seconds} frames a second`);
});

test("frames beyond what may be sent in a second are dropped whole, and every one that is missing is counted", {
  timeout,
}, async (t) => {
  const { thing, ask } = await thorVisionFor(t, undefined, { max_mb_per_s: 0.1 });
  await until(() => thing.available.length === 1);
  const port = await freeUdpPort();
  assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
  const { take } = await receiver(port);
  const indexes = (await take(12)).map(({ jpeg }) => readMetadata(jpeg)!.sampleIndex);
  const missing = indexes.at(-1)! - indexes[0]! + 1 - indexes.length;
  const { too_fast, behind } = thing.streams[0]!.dropped;
  assert.ok(missing > 12, `${missing} were missing between ${indexes}`);
  assert.ok(too_fast >= missing && behind === 0, `${too_fast} of ${missing} were counted`);
});

test("ports and capabilities that cannot be had are refused within half a second; the same camera joins", {
  timeout,
}, async (t) => {
  const cameras = { left: new PulseCamera(), right: new PulseCamera() };
  const { thing, ask } = await thorVisionFor(t, cameras);
  await until(() => thing.available.length === 2);
  const port = await freeUdpPort();
  assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
  assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
  assert.equal(thing.pids.length, 1);
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const slow = FULL.replace("30/1", "15/1");
  const huge = FULL.replace("320", "3840");
  const refused: [object, number, RegExp][] = [
    [
      { id: 1, port, capability: FULL },
      409,
      /^UDP port \d+ is in use by camera 0\. Request another/,
    ],
    [{ id: 0, port, capability: slow }, 409, /already sends camera 0 as 'image\/jpeg,width=320/],
    [{ id: 0, port: socket.address().port, capability: FULL }, 409, /is in use by another program/],
    [
      { id: 0, port, capability: huge },
      400,
      /does not offer '.*width=3840.*It offers: image\/jpeg/,
    ],
  ];
  for (const [body, status, words] of refused) {
    const answer = await ask("/jpeg", body);
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.match((answer.body as { detail: string }).detail, words);
    assert.ok(answer.took < 500, `${answer.took} ms`);
  }
  const ports = await Promise.all([freeUdpPort(), freeUdpPort()]);
  const both = ports.map((one, id) => ask("/jpeg", { id, port: one, capability: FULL }));
  assert.deepEqual(
    (await Promise.all(both)).map(({ status }) => status),
    [200, 200],
  );
  await Promise.all([0, 0, 0, 1].map((id) => ask("/stop", { id })));
  const logs = (await ask("/logs")).body as string[];
  const names = [`left_${port}`, `left_${ports[0]}`, `right_${ports[1]}`];
  for (const name of names) assert.ok(logs.includes(`thorvision.${name}.log`), logs.join());
  const log = String((await ask(`/logs/thorvision.left_${port}.log`)).body);
  assert.match(log, /^20\S+Z info {2}Port \d+ is open for SRT/);
});

test("who stops takes back his own request only: a stream ends with the last address that asked", {
  timeout,
}, async (t) => {
  const { thing, port } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const srt = await freeUdpPort();
  const start = (from: string) =>
    postFrom(from, port, "/jpeg", { id: 0, port: srt, capability: FULL });
  const stop = (from: string) => postFrom(from, port, "/stop", { id: 0 });
  assert.deepEqual(await Promise.all(["127.0.0.1", "127.0.0.1", "127.0.0.2"].map(start)), [
    ...[200, 200, 200],
  ]);
  assert.deepEqual(thing.streams[0]?.asked_by.sort(), ["127.0.0.1", "127.0.0.2"]);
  assert.equal(await stop("127.0.0.3"), 404);
  assert.equal(await stop("127.0.0.1"), 200);
  assert.equal(await stop("127.0.0.1"), 200);
  assert.deepEqual(thing.streams[0]?.asked_by, ["127.0.0.2"]);
  assert.equal(await stop("127.0.0.1"), 404);
  assert.equal(await stop("127.0.0.2"), 200);
  assert.deepEqual(thing.streams, []);
});

test("streams that begin and end leave no program, no descriptor and no demand", {
  timeout,
}, async (t) => {
  const camera = new PulseCamera();
  const { thing, ask } = await thorVisionFor(t, { left: camera });
  await until(() => thing.available.length === 1);
  const port = await freeUdpPort();
  const cycle = async () => {
    assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
    assert.equal((await ask("/stop", { id: 0 })).status, 200);
  };
  for (let n = 0; n < 3; n++) await cycle();
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let n = 0; n < 25; n++) await cycle();
  assert.ok(descriptors() <= before + 1, `${before}, then ${descriptors()}`);
  assert.deepEqual(childrenOf(), []);
  await until(() => camera.mjpeg_stream.demand.count === 0);
});

test("a child that takes nothing costs capture nothing; it is ended, and receivers go on at the same port", {
  timeout,
}, async (t) => {
  const camera = new PulseCamera({ jpeg: await jpegOf(1280, 720, { quality: 90 }) });
  const { thing, ask } = await thorVisionFor(t, { left: camera });
  await until(() => thing.available.length === 1);
  const [{ caps }] = (await ask("/cameras")).body as [{ caps: { framerate: string }[] }];
  const capability = `image/jpeg,width=1280,height=720,framerate=${caps[0]?.framerate}`;
  const port = await freeUdpPort();
  assert.equal((await ask("/jpeg", { id: 0, port, capability })).status, 200);
  const { take } = await receiver(port);
  let received = 0;
  const receiving = (async () => {
    while (received < 1000) received += (await take(1)).length;
  })();
  receiving.catch(() => {});
  await until(() => (thing.streams[0]?.callers ?? 0) > 0);
  received = 1000; // the loop ends; whoever calls later is another
  const [pid] = thing.pids;
  process.kill(pid!, "SIGSTOP");
  const before = camera.mjpeg_stream.lastFrameIndex;
  const began = performance.now();
  await until(() => thing.streams[0]!.restarts > 0);
  const seconds = (performance.now() - began) / 1000;
  const fps = (camera.mjpeg_stream.lastFrameIndex - before) / seconds;
  assert.ok(fps > 24, `${fps} frames a second were captured`);
  assert.ok(thing.streams[0]!.dropped.behind > 3 * 24, JSON.stringify(thing.streams[0]));
  const again = await receiver(port);
  assert.equal((await again.take(5)).length, 5);
  assert.notEqual(thing.pids[0], pid);
});

test("a receiver that vanishes is counted out, and the other misses nothing", {
  timeout,
}, async (t) => {
  const { thing, ask } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const port = await freeUdpPort();
  assert.equal((await ask("/jpeg", { id: 0, port, capability: FULL })).status, 200);
  const [steady, doomed] = [await receiver(port), await receiver(port)];
  const all = steady.take(240);
  const some = doomed.take(1_000_000).catch(() => []);
  await until(() => thing.clients === 2);
  process.kill(doomed.pipeline.pid!, "SIGKILL");
  await until(() => thing.clients === 1);
  const found = (await all).map(({ jpeg }) => readMetadata(jpeg)!.sampleIndex);
  assert.deepEqual(
    found,
    found.map((_, n) => found[0]! + n),
  );
  await some;
});

test("without GStreamer a stream is refused with what to install, within half a second", {
  timeout,
}, async (t) => {
  const things = {
    camera: "thingscope/things:TestCamera",
    thorvision: { class: "thingscope/thorvision:ThorVisionServer", kwargs: { port: 0 } },
  };
  const folder = await folderWith({ "lab.json": JSON.stringify({ things }) });
  const main = packagePath("dist", "src", "cli", "main.js");
  const child = spawn(process.execPath, [main, "serve", "--port", "0", "lab.json"], {
    ...{ cwd: folder, env: { ...process.env, PATH: folder } },
  });
  t.after(() => child.kill("SIGKILL"));
  let port = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    port = Number(/can reach 'camera' at 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
    if (port !== 0) break;
  }
  const ask = asking(port);
  while (((await ask("/cameras")).body as unknown[]).length === 0) await sleep(20);
  const capability = "image/jpeg,width=640,height=480,framerate=30/1";
  const answer = await ask("/jpeg", { id: 0, port: await freeUdpPort(), capability });
  assert.equal(answer.status, 503);
  assert.match(
    (answer.body as { detail: string }).detail,
    /gst-inspect-1\.0' is not installed\. Install it: apt-get install gstreamer1\.0-tools/,
  );
  assert.ok(answer.took < 500, `${answer.took} ms`);
});
