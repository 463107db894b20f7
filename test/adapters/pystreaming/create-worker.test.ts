import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type CreateWorkerOptions,
  createWorker,
} from "../../../src/adapters/pystreaming/create-worker.ts";
import { Receiver } from "../../../src/adapters/pystreaming/receiver.ts";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import type { FrameHandler } from "../../../src/adapters/pystreaming/workshop.ts";
import { logTo } from "../../../src/base/log.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import brightness from "./brightness.ts";
import { started, take, until } from "./peers.ts";

const timeout = TEST_MS;
const MODULE = new URL("./brightness.js", import.meta.url);

async function streamed(t: TestContext, endpoint = "tcp://127.0.0.1:*") {
  const streamer = await started(t, new Streamer(endpoint, { mapreduce: true }));
  const receiver = await started(t, new Receiver(endpoint, { mapreduce: true }));
  return { streamer, receiver, source: streamer.endpoint, drain: receiver.endpoint };
}

async function working(t: TestContext, options: CreateWorkerOptions, handler: FrameHandler | URL) {
  const worker = await createWorker(options, handler);
  t.after(() => worker.stop());
  return worker;
}

for (const [where, handler] of [
  ["in this thread", brightness],
  ["on two threads", MODULE],
] as const) {
  test(`a handler ${where} says what it sees; a frame that it fails on is lost alone`, {
    timeout,
  }, async (t) => {
    const { streamer, receiver, source, drain } = await streamed(t);
    const lines: string[] = [];
    const log = logTo((_, line) => lines.push(line));
    const threads = handler === MODULE ? 2 : 1;
    const worker = await working(t, { source, drain, threads, log }, handler);
    const received = take(8, receiver.handler);
    for (let n = 0; n < 10; n++) await streamer.send(picture(n));
    const packets = (await received).toSorted((a, b) => a.fno - b.fno);
    assert.deepEqual(
      packets.map(({ fno }) => fno),
      [0, 1, 2, 5, 6, 7, 8, 9],
    );
    for (const { meta } of packets)
      assert.equal(typeof Reflect.get(Object(meta), "mean"), "number");
    await until("all are counted", () => worker.counts.sent === 8 && lines.length > 0);
    assert.deepEqual(worker.counts, { received: 10, sent: 8, dropped: 0, failed: 1 });
    assert.deepEqual(lines, ["The handler of a worker failed on frame 3: three is too much"]);
    await streamer.send(null);
    await worker.ended;
  });
}

test("a handler may make another JPEG, and must be a module for several threads", {
  timeout,
}, async (t) => {
  const { streamer, receiver, source, drain } = await streamed(t);
  const smaller = picture(99);
  await working(t, { source, drain }, () => ({ buf: smaller }));
  await streamer.send(picture(1, 5000), { meta: "kept" });
  const [packet] = await take(1, receiver.handler);
  assert.deepEqual(new Uint8Array(packet!.buf), new Uint8Array(smaller));
  assert.equal(packet!.meta, "kept");
  await assert.rejects(
    createWorker({ source, drain, threads: 2 }, () => null),
    /put it into a module/,
  );
  const missing = new URL("./nothing.js", import.meta.url);
  await assert.rejects(createWorker({ source, drain }, missing), {
    code: "SOURCE_FAILED",
    message: /nothing\.js/,
  });
});
