import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGReader, type RemoteFrame, ThingClient } from "thingscope/client";
import { serverSentEvents } from "../../src/client/event-stream.ts";
import { Http } from "../../src/client/http.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { faultProxy } from "../faults/fault-proxy.ts";
import { TEST_MS } from "../limits.ts";
import { serverFor } from "../server/requests.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { serveStream } from "../streams/stream-server.ts";
import { eventually } from "../streams/watching.ts";
import { type InstrumentTypes, openLab } from "./instrument.ts";

const timeout = TEST_MS;
const long = process.env.THINGSCOPE_LONG === "1";
/** As it is without options, or fifteen times as fast. */
const [silentMs, heartbeatMs] = long ? [undefined, undefined] : [600, 200];
const withLimits = { ...(silentMs !== undefined && { silentMs }) };

/** A stream of ours at `/camera/live`, behind a network that can vanish. */
async function streamBehindProxy(t: Parameters<typeof serveStream>[0]) {
  const stream = new MJPEGStream({ ...(heartbeatMs !== undefined && { heartbeatMs }) });
  const { port } = await serveStream(t, stream);
  const proxy = await faultProxy(t, port);
  return { stream, proxy, url: `http://127.0.0.1:${proxy.port}/camera/live` };
}

test("a server that vanishes without a word is noticed by who reads its stream, within 10 s", {
  timeout,
}, async (t) => {
  const { stream, proxy, url } = await streamBehindProxy(t);
  const numbers: number[] = [];
  const reading = (async () => {
    for await (const { jpeg } of new MJPEGReader(url, withLimits)) numbers.push(numberIn(jpeg));
  })();
  await eventually(() => stream.demand.count === 1);
  stream.addFrame(picture(1));
  await eventually(() => numbers.length === 1);
  const start = performance.now();
  proxy.blackhole();
  await assert.rejects(reading, { code: "UNREACHABLE", message: /has sent nothing for \d+ s/ });
  const seconds = (performance.now() - start) / 1000;
  t.diagnostic(`noticed after ${seconds.toFixed(1)} s`);
  if (long) assert.ok(seconds <= 10, `${seconds} s`);
});

test("a stream of ours that is idle for long stands: heartbeats are no frames, and are not counted as refused", {
  timeout,
}, async (t) => {
  const { stream, url } = await streamBehindProxy(t);
  const reader = new MJPEGReader(url, { ...withLimits, every: true });
  const frames: RemoteFrame[] = [];
  const reading = (async () => {
    for await (const frame of reader) {
      frames.push(frame);
      if (frames.length === 2) return;
    }
  })();
  await eventually(() => stream.demand.count === 1);
  stream.addFrame(picture(1));
  await new Promise((resolve) => setTimeout(resolve, 2 * (silentMs ?? 9000)));
  stream.addFrame(picture(2));
  await reading;
  assert.deepEqual(
    frames.map(({ jpeg, index, skipped }) => [numberIn(jpeg), index, skipped]),
    [
      [1, 0, 0],
      [2, 1, 0],
    ],
  );
  const { received, refused, connections } = reader.stats;
  assert.deepEqual({ received, refused, connections }, { received: 2, refused: 0, connections: 1 });
});

test("a server that never answers is given up, and one that is silent by its nature is waited for where that is wished", {
  timeout,
}, async (t) => {
  const answers = await serverFor(t, (request, response) => {
    if (request.url !== "/slow") return;
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=edge" });
    const head = `--edge\r\nContent-Length: ${picture(7).length}\r\n\r\n`;
    const part = Buffer.concat([Buffer.from(head), picture(7), Buffer.from("\r\n--edge--")]);
    response.flushHeaders();
    setTimeout(() => response.end(part), 2 * (silentMs ?? 9000));
  });
  const origin = `http://127.0.0.1:${answers.port}`;
  const dumb = new MJPEGReader(`${origin}/dumb`, withLimits);
  const slow = new MJPEGReader(`${origin}/slow`, { silentMs: Number.POSITIVE_INFINITY });
  const [first] = await Promise.all([
    slow[Symbol.asyncIterator]().next(),
    assert.rejects(dumb[Symbol.asyncIterator]().next(), { code: "UNREACHABLE" }),
  ]);
  assert.equal(numberIn(first.value!.jpeg), 7);
});

test("only who asks for heartbeats is sent them", { timeout }, async (t) => {
  const stream = new MJPEGStream({ heartbeatMs: 20 });
  const { url } = await serveStream(t, stream);
  const leaving = new AbortController();
  const read = async (accept: string) => {
    const { body } = await fetch(url, { headers: { accept }, signal: leaving.signal });
    let text = "";
    const reading = (async () => {
      for await (const chunk of body!) text += Buffer.from(chunk).toString("latin1");
    })().catch(() => {});
    return {
      get text() {
        return text;
      },
      reading,
    };
  };
  const browser = await read("image/avif,image/webp,*/*;q=0.8");
  const reader = await read("multipart/x-mixed-replace;heartbeat=1, */*;q=0.1");
  await eventually(() => reader.text.split("X-Heartbeat: 1").length > 3);
  stream.addFrame(picture(1));
  await eventually(() => browser.text.includes("X-Frame-Index: 0"));
  leaving.abort();
  await Promise.all([browser.reading, reader.reading]);
  assert.doesNotMatch(browser.text, /Heartbeat/);
});

test("events of a server that says now and then that it stands are asked for anew when it has vanished; of others they are waited for", {
  timeout,
}, async (t) => {
  const asked = { beating: 0, quiet: 0 };
  const server = await serverFor(t, ({ url }, response) => {
    const isBeating = url === "/beating";
    asked[isBeating ? "beating" : "quiet"] += 1;
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: hello\n\n");
    if (!isBeating) return;
    const timer = setInterval(() => response.write(":\n\n"), 100);
    response.on("close", () => clearInterval(timer));
  });
  const proxy = await faultProxy(t, server.port);
  const origin = `http://127.0.0.1:${proxy.port}`;
  const leaving = new AbortController();
  const heard = { beating: 0, quiet: 0 };
  const follow = async (name: "beating" | "quiet") => {
    const following = { signal: leaving.signal, onOpen: () => {}, silenceMs: 600 };
    const events = serverSentEvents(new Http(origin), `${origin}/${name}`, following);
    for await (const _ of events) heard[name] += 1;
  };
  const following = Promise.all([follow("beating"), follow("quiet")]);
  await eventually(() => heard.beating === 1 && heard.quiet === 1);
  await new Promise((resolve) => setTimeout(resolve, 2 * 600));
  assert.deepEqual(asked, { beating: 1, quiet: 1 }, "both stand");
  proxy.forget();
  await eventually(() => heard.beating === 2);
  assert.deepEqual(asked, { beating: 2, quiet: 1 });
  leaving.abort();
  await following;
});

test("a run whose server is asked over a dead connection is followed over another one, and has its end", {
  timeout,
}, async (t) => {
  const lab = await openLab();
  t.after(() => lab[Symbol.asyncDispose]());
  const { port, pathname } = new URL(lab.url);
  const proxy = await faultProxy(t, Number(port));
  const url = `http://127.0.0.1:${proxy.port}${pathname}`;
  const client = await ThingClient.connect<InstrumentTypes>(url);
  const run = await client.actions.wait.start();
  assert.equal(new URL(run.href!).port, `${proxy.port}`);
  const following = assert.rejects(run.result({ silentMs: 300 }), { code: "ACTION_CANCELLED" });
  proxy.forget();
  const direct = await ThingClient.connect<InstrumentTypes>(lab.url);
  const [same] = await direct.invocations();
  await same!.cancel();
  await following;
});
