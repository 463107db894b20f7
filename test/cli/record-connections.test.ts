import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyRecording } from "thingscope/recording";
import { messageOf } from "../../src/base/errors.ts";
import type { ClientIo } from "../../src/cli/client-output.ts";
import { record } from "../../src/cli/record.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { faultProxy } from "../faults/fault-proxy.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { serverFor } from "../server/requests.ts";
import { serveStream } from "../streams/stream-server.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor } from "../things/recorder-server.ts";
import { Terminal } from "./terminal.ts";

const timeout = TEST_MS;
const long = process.env.THINGSCOPE_LONG === "1";

test("a connection whose other end has vanished is made again within 10 s; one to an idle stream stands", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const [silentMs, heartbeatMs] = long ? [undefined, undefined] : [1500, 300];
  const stream = new MJPEGStream({ ...(heartbeatMs !== undefined && { heartbeatMs }) });
  const { port } = await serveStream(t, stream);
  const proxy = await faultProxy(t, port);
  const folder = await folderFor(t);
  const out = new Terminal();
  const enough = new AbortController();
  const io: ClientIo = { out, err: out, signal: enough.signal, json: true };
  const target = { url: `http://127.0.0.1:${proxy.port}/camera/live`, credentials: undefined };
  const limits = { ...(silentMs !== undefined && { silentMs }) };
  const recording = record(io, target, { out: folder, name: "vanished", ...limits });
  let connections = 0;
  stream.demand.onChange((count) => {
    if (count > connections) connections = count; // the server does not see the first one go
  });
  await eventually(() => connections === 1);
  stream.addFrame(jpeg);
  await sleep(1.3 * (silentMs ?? 10_000));
  assert.equal(connections, 1, "an idle stream was left");
  stream.addFrame(jpeg);
  const start = performance.now();
  proxy.forget();
  await eventually(() => connections === 2);
  const seconds = (performance.now() - start) / 1000;
  t.diagnostic(`connected again after ${seconds.toFixed(1)} s`);
  if (long) assert.ok(seconds <= 10.5, `${seconds} s`);
  stream.addFrame(jpeg);
  const recorded = async () => (await verifyRecording(`${folder}/vanished.mkv`)).frames;
  while ((await recorded()) < 3) await sleep(20);
  enough.abort();
  await recording;
  const { frames, ended } = JSON.parse(out.text);
  assert.deepEqual({ frames, ended }, { frames: 3, ended: "stopped" });
});

test("a login is sent when the server wants it, a token at once, and a refusal is told in the server's words", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const seen: (string | undefined)[] = [];
  const { port } = await serverFor(t, ({ headers }, response) => {
    seen.push(headers.authorization);
    if (headers.authorization === undefined) {
      response.writeHead(403, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ status: 403, detail: "Only the night watch may look." }));
      return;
    }
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    const timer = setInterval(() => {
      response.write(`--here\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      response.write(jpeg);
      response.write("\r\n");
    }, 20);
    response.on("close", () => clearInterval(timer));
  });
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const folder = await folderFor(t);
  for (const [address, credentials] of [
    [`http://ann:pass@127.0.0.1:${port}/`, undefined],
    [`http://127.0.0.1:${port}/`, { username: "ann", password: "pass" }],
    [`http://127.0.0.1:${port}/`, { token: "t0ken" }],
  ] as const) {
    await record(io, { url: address, credentials }, { seconds: 0.2, out: folder });
  }
  const basic = `Basic ${btoa("ann:pass")}`;
  assert.deepEqual(seen, [undefined, basic, undefined, basic, "Bearer t0ken"]); // a password is sent where it is asked for
  const refused = { url: `http://127.0.0.1:${port}/`, credentials: undefined };
  await assert.rejects(record(io, refused, { out: folder }), {
    name: "ClientError",
    status: 403,
    message: "Only the night watch may look.",
  });
});

test("a stream whose pictures are all refused is told with what is wrong with them", {
  timeout,
}, async (t) => {
  const { port } = await serverFor(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    const timer = setInterval(() => {
      response.write("--here\r\nContent-Length: 4\r\n\r\nGIF8\r\n");
    }, 20);
    response.on("close", () => clearInterval(timer));
  });
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const target = { url: `http://127.0.0.1:${port}/`, credentials: undefined };
  await assert.rejects(record(io, target, { out: await folderFor(t), firstFrameMs: 700 }), {
    code: "NO_FRAME",
    message: /delivered no frame within 0\.7 s: .* begins with 47 49 46 38 instead of FF D8\.$/,
  });
});

test("a connection on which every picture is refused is made again, as a silent one is", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  let connections = 0;
  const { port } = await serverFor(t, (_, response) => {
    connections += 1;
    const picture = connections === 1 ? Buffer.from("GIF8") : jpeg;
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    const send = (one: Uint8Array) => {
      response.write(`--here\r\nContent-Length: ${one.length}\r\n\r\n`);
      response.write(one);
      response.write("\r\n");
    };
    send(jpeg);
    const timer = setInterval(() => send(picture), 20);
    response.on("close", () => clearInterval(timer));
  });
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const target = { url: `http://127.0.0.1:${port}/`, credentials: undefined };
  await record(io, target, { out: await folderFor(t), silentMs: 300, seconds: 1.5 });
  assert.equal(connections, 2);
  const { frames, refused } = JSON.parse(out.text);
  assert.ok(frames > 2 && refused > 2, out.text);
});

test("a recording without an end shows how long it has gone on, and no percentage", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  const jpeg = await jpegOf(64, 48);
  const adding = setInterval(() => stream.addFrame(jpeg), 20);
  t.after(() => clearInterval(adding));
  const [out, err] = [new Terminal(), new Terminal()];
  const over = new AbortController();
  const io: ClientIo = { out, err, signal: over.signal, json: false };
  const recording = record(io, { url, credentials: undefined }, { out: await folderFor(t) });
  await eventually(() => /K1 s, \d+ frames/.test(err.text));
  over.abort();
  await recording;
  assert.doesNotMatch(err.text, /%|#/);
});

test("an https server that nobody vouches for is refused with its fingerprint, which trust takes", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const files = await selfSigned({ names: ["elsewhere"], days: 10 });
  const server = createSecureServer(files, (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    const timer = setInterval(() => {
      response.write("--here\r\n\r\n");
      response.write(jpeg);
    }, 20);
    response.on("close", () => clearInterval(timer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const target = { url: `https://127.0.0.1:${port}/x`, credentials: undefined };
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const folder = await folderFor(t);
  const refusal: unknown = await record(io, target, { out: folder }).catch((error) => error);
  const [trust = ""] = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(messageOf(refusal)) ?? [];
  assert.match(messageOf(refusal), /its certificate is not trusted \(self-signed certificate\)/);
  await record(io, target, { seconds: 0.2, out: folder, trust });
  assert.equal(JSON.parse(out.text).ended, "stopped");
  for (const path of ["x", ""]) {
    const wrong: unknown = await record(
      io,
      { ...target, url: `https://127.0.0.1:${port}/${path}` },
      { out: folder, trust: "ab".repeat(32), stream: path ? "" : "live" },
    ).catch((error) => error);
    assert.match(
      messageOf(wrong),
      /shows another certificate than the trusted one: .*set trust to/,
    );
    assert.doesNotMatch(messageOf(wrong), /Is the server running/);
  }
});
