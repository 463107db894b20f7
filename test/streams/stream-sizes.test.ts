import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";
import { serveStream } from "./stream-server.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

/** Server-sent events as they arrive. */
async function listen(url: string, headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${url}/sizes`, { headers, signal: leave.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events: Array<{ event: string; id: string | undefined; data: Record<string, unknown> }> =
    [];
  const reading = (async () => {
    let text = "";
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      const messages = text.split("\n\n");
      text = messages.pop()!;
      for (const message of messages) {
        const fields = Object.fromEntries(
          message.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)),
        );
        if (fields.data) {
          events.push({ event: fields.event, id: fields.id, data: JSON.parse(fields.data) });
        }
      }
    }
  })().catch(() => {});
  return {
    events,
    async end() {
      leave.abort();
      await reading;
    },
  };
}

test("sizes are told of every frame, each once and in order", { timeout }, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 2 });
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(0));
  const listener = await listen(url);
  await eventually(() => stream.demand.active);
  for (let n = 1; n <= 50; n++) stream.addFrame(picture(n, 1000 + n));
  await eventually(() => listener.events.length === 50);
  const { run, newest } = stream;
  assert.deepEqual(listener.events.at(-1), {
    event: "live_new_frame",
    id: `${run}:50`,
    data: { run, index: 50, capturedAt: newest!.capturedAt, size: 1050 },
  });
  await listener.end();
  await eventually(() => !stream.demand.active);
});

test("a listener who comes back with the last event id misses nothing that is held", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  const { run } = stream;
  for (let n = 0; n < 10; n++) stream.addFrame(picture(n));
  const listener = await listen(url, { "Last-Event-ID": `${run}:6` });
  await eventually(() => listener.events.length === 3);
  assert.deepEqual(
    listener.events.map(({ data }) => data.index),
    [7, 8, 9],
  );
  stream.reset();
  stream.addFrame(picture(0));
  await eventually(() => listener.events.length === 5);
  const [change, first] = listener.events.slice(3);
  assert.deepEqual(change!.data, { kind: "run", run: stream.run, previousRun: run });
  assert.deepEqual([change!.event, first!.data.index], ["run", 0]);
  await listener.end();
  const other = await listen(url, { "Last-Event-ID": "zzzzzz:3" });
  await eventually(() => other.events.length === 13);
  assert.deepEqual(other.events[0]!.data, { kind: "run", run, previousRun: "zzzzzz" });
  await other.end();
});

test("a listener who was away too long is told which frames are gone", { timeout }, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const { url } = await serveStream(t, stream);
  for (let n = 0; n < 10_020; n++) stream.addFrame(picture(n));
  const listener = await listen(url, { "Last-Event-ID": `${stream.run}:4` });
  await eventually(() => listener.events.length === 10_001);
  assert.deepEqual(listener.events[0], {
    event: "gap",
    id: undefined,
    data: { kind: "gap", run: stream.run, from: 5, to: 19 },
  });
  await listener.end();
});

test("a listener who does not read costs nothing and is told of its gap", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const { url, port } = await serveStream(t, stream);
  const req = request({ port, host: "127.0.0.1", path: `${new URL(url).pathname}/sizes` }).end();
  const [response] = await once(req, "response");
  await eventually(() => stream.demand.active);
  for (let round = 0; round < 40; round++) {
    for (let n = 0; n < 2000; n++) stream.addFrame(picture(n));
    await sleep(1);
  }
  const last = `"index":${stream.lastFrameIndex},`;
  let text = "";
  response.on("data", (data: Buffer) => {
    text += data.toString();
  });
  await eventually(() => text.includes(last));
  const told = [...text.matchAll(/"index":(\d+)/g)].map(([, index]) => Number(index));
  const gaps = [...text.matchAll(/"from":(\d+),"to":(\d+)/g)];
  const lost = gaps.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0);
  assert.equal(told.length + lost, 80_000);
  assert.ok(gaps.length > 0);
  response.destroy();
});
