import assert from "node:assert/strict";
import { test } from "node:test";
import { Receiver } from "../../../src/adapters/pystreaming/receiver.ts";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import { Worker } from "../../../src/adapters/pystreaming/worker.ts";
import { inspectJpeg } from "../../../src/frames/jpeg/jpeg.ts";
import { TEST_MS } from "../../limits.ts";
import { numberIn, picture } from "../../streams/pictures.ts";
import { started, take, until } from "./peers.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";

test("two Workers share the frames: each comes once, and nothing is missing", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  const workers = [
    await started(t, new Worker(streamer.endpoint, receiver.endpoint, { patienceMs: 5000 })),
    await started(t, new Worker(streamer.endpoint, receiver.endpoint, { patienceMs: 5000 })),
  ];
  const work = workers.map(async (worker, name) => {
    for await (const packet of worker.handler) {
      packet.meta = { name, number: numberIn(packet.buf) };
      await worker.send(packet);
    }
  });
  const received = take(60, receiver.handler);
  await until("both are there", () => streamer.counts.peers === 2);
  for (let n = 0; n < 60; n++) {
    await streamer.send(picture(n));
    // Slower machines fetch more slowly; what is held for them has an end.
    await until("most are fetched", () => streamer.counts.sent > n - 5);
  }
  const packets = await received;
  const numbers = packets.map(({ fno }) => fno).toSorted((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: 60 }, (_, n) => n),
  );
  for (const { fno, meta } of packets) assert.equal(Reflect.get(Object(meta), "number"), fno);
  assert.equal(new Set(packets.map(({ meta }) => Reflect.get(Object(meta), "name"))).size, 2);
  assert.deepEqual(receiver.counts, {
    ...{ received: 60, missing: 0, duplicates: 0, skipped: 0, refused: 0 },
  });
  await streamer.send(null);
  await Promise.all(work); // the end of the stream ends the Workers' loops
});

test("frames that no Worker fetches in time are overwritten, oldest first, and counted; the numbers tell too", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  for (let n = 0; n < 25; n++) await streamer.send(picture(n));
  assert.equal(streamer.counts.overwritten, 15, "10 are held");
  const worker = await started(t, new Worker(streamer.endpoint, receiver.endpoint));
  const received = take(10, receiver.handler);
  for (const packet of await take(10, worker.handler)) await worker.send(packet);
  assert.deepEqual(
    (await received).map(({ fno }) => fno),
    [15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
  );
});

test("a Receiver counts the numbers between the first and the highest that did not come", {
  timeout,
}, async (t) => {
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  const worker = await started(t, new Worker("tcp://127.0.0.1:1", receiver.endpoint));
  const packets = take(6, receiver.handler);
  for (const fno of [4, 7, 5, 5, 9, 10, 3]) {
    await worker.send({ buf: picture(fno), meta: null, ftime: 0, fno });
  }
  assert.deepEqual(
    (await packets).map(({ fno }) => fno),
    [4, 7, 5, 9, 10, 3],
  );
  const { missing, duplicates } = receiver.counts;
  assert.deepEqual({ missing, duplicates }, { missing: 2, duplicates: 1 }, "6 and 8; 5 came twice");
});

test("a frame for a Worker that has gone is given to another", { timeout }, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const gone = new Worker(streamer.endpoint, "tcp://127.0.0.1:1");
  await gone.start();
  await until("its requests wait", () => streamer.counts.peers === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await gone.stop();
  await until("it has gone", () => streamer.counts.peers === 0);
  await streamer.send(picture(1));
  const worker = await started(t, new Worker(streamer.endpoint, "tcp://127.0.0.1:1"));
  const [packet] = await take(1, worker.handler);
  assert.equal(packet!.fno, 0);
});

test("a Worker comes back to a Streamer that was started again, and learns of a track that there is not", {
  timeout,
}, async (t) => {
  const first = new Streamer(LOOPBACK, { mapreduce: true });
  await first.start();
  const { endpoint } = first;
  const worker = await started(t, new Worker(endpoint, "tcp://127.0.0.1:1"));
  const both = take(2, worker.handler);
  await first.send(picture(1));
  await until("it is fetched", () => worker.counts.received === 1);
  await first.stop();
  const second = await started(t, new Streamer(endpoint, { mapreduce: true }));
  await second.send(picture(2));
  assert.deepEqual(
    (await both).map(({ buf }) => numberIn(buf)),
    [1, 2],
  );

  const lost = await started(t, new Worker(endpoint, "tcp://127.0.0.1:1", { track: "cats" }));
  await assert.rejects(take(1, lost.handler), { code: "BAD_ARGUMENT", message: /no track 'cats'/ });
});

test("raw pictures are encoded in order, and refused when they come too fast", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true, nproc: 2 }));
  const worker = await started(t, new Worker(streamer.endpoint, "tcp://127.0.0.1:1"));
  const raw = (side: number) => {
    const data = new Uint8Array(side * side * 3).fill(200);
    return { data, width: side, height: side, channels: 3 as const };
  };
  const sent = [800, 64, 32, 16, 8].map((side) => streamer.send(raw(side)));
  await assert.rejects(streamer.send(raw(8)), { code: "NOT_READY", message: /faster than 2/ });
  assert.deepEqual(await Promise.all(sent), [0, 1, 2, 3, 4]);
  const packets = await take(5, worker.handler);
  assert.deepEqual(
    packets.map(({ fno }) => fno),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(
    packets.map(({ buf }) => inspectJpeg(buf).width),
    [800, 64, 32, 16, 8],
  );
  const { data } = await packets[1]!.arr;
  assert.ok(data.every((value) => Math.abs(value - 200) <= 2));
});

test("a frame whose meta cannot be sent is refused, and takes no number", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const worker = await started(t, new Worker(streamer.endpoint, "tcp://127.0.0.1:1"));
  const meta = new Date() as unknown as null;
  const raw = { data: new Uint8Array(192), width: 8, height: 8, channels: 3 as const };
  await assert.rejects(streamer.send(picture(1), { meta }), { code: "BAD_MESSAGE" });
  await assert.rejects(streamer.send(raw, { meta }), { code: "BAD_MESSAGE" });
  await assert.rejects(streamer.send({ ...raw, width: 9 }), { code: "BAD_SHAPE" });
  const fno = await streamer.send(picture(2));
  const [packet] = await take(1, worker.handler);
  assert.equal(packet!.fno, fno);
});

test("what is not started, and what cannot be, is refused with a sentence", {
  timeout,
}, async (t) => {
  const streamer = new Streamer(LOOPBACK);
  await assert.rejects(streamer.send(picture(1)), {
    code: "NOT_READY",
    message: /^Start the Streamer/,
  });
  assert.throws(() => new Receiver(LOOPBACK).handler, { code: "NOT_READY" });
  assert.throws(() => new Worker(LOOPBACK, LOOPBACK).handler, { code: "NOT_READY" });
  assert.throws(() => new Streamer("5555"), { code: "BAD_ARGUMENT", message: /tcp:\/\/HOST:PORT/ });
  assert.throws(() => new Streamer(LOOPBACK, { tracks: [] }), { code: "BAD_ARGUMENT" });
  assert.throws(
    () => new Worker(LOOPBACK, LOOPBACK, { reqthread: 0 }),
    /reqthread must be a whole number/,
  );
  const open = new Streamer("tcp://*:0");
  await assert.rejects(open.start(), { code: "BAD_ARGUMENT", message: /has no login.*insecure/ });
  const one = await started(t, new Streamer(LOOPBACK));
  const two = new Streamer(one.endpoint);
  await assert.rejects(two.start(), {
    code: "PORT_IN_USE",
    message: /is in use by another program/,
  });
  await assert.rejects(one.send(Buffer.from("no picture")), { code: "BAD_FRAME" });
});
