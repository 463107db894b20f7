import assert from "node:assert/strict";
import { test } from "node:test";
import { Receiver } from "../../../src/adapters/pystreaming/receiver.ts";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import { Worker } from "../../../src/adapters/pystreaming/worker.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { again, hexOf, socketOf, started, take, until } from "./peers.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";
const utf8 = (text: string) => Buffer.from(text).toString("hex");
const NIL = utf8("nil");
/** What Python 3.11 sends with pyzmq 27: None, 1732502400.125 and 7. */
const PYTHON = ["80044e2e", "8004950a000000000000004741d9d0f8e00800002e", "80044b072e"];
const fromPython = (jpeg: Uint8Array) => [jpeg, ...PYTHON.map((hex) => Buffer.from(hex, "hex"))];

test("a published frame is four parts: the JPEG as it is, and the pickles of meta, ftime and fno", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK));
  const subscriber = socketOf(t, (zmq) => new zmq.Subscriber());
  subscriber.connect(streamer.endpoint);
  subscriber.subscribe("");
  await until("the subscriber is there", () => streamer.counts.peers === 1);
  const jpeg = picture(1, 5000);
  let received: Buffer[] = [];
  const receiving = subscriber.receive().then((parts) => {
    received = parts;
  });
  // A subscription takes effect some time after the connection.
  while (received.length === 0) {
    await streamer.send(jpeg, { meta: { k: [1, null] }, ftime: 1732502400.125 });
    await Promise.race([receiving, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  const [buf, meta, ftime, fno] = hexOf(received);
  assert.equal(buf, Buffer.from(jpeg).toString("hex"));
  assert.equal(meta, "7d288c016b5d284b014e65752e");
  assert.equal(ftime, "4741d9d0f8e00800002e");
  assert.match(fno!, /^4b..2e$/);
});

test("a request names a track, and is answered with a frame; unknown tracks and ended streams have numbers", {
  timeout,
}, async (t) => {
  const streamer = await started(
    t,
    new Streamer(LOOPBACK, { mapreduce: true, tracks: ["a", "b"] }),
  );
  const request = socketOf(t, (zmq) => new zmq.Request());
  request.connect(streamer.endpoint);
  const ask = async (track: string) => {
    await request.send(track);
    return hexOf(await request.receive());
  };
  const jpeg = picture(1);
  await streamer.send(jpeg, { ftime: 1.5 });
  const frame = [Buffer.from(jpeg).toString("hex"), "4e2e", "473ff80000000000002e", "4b002e"];
  assert.deepEqual(await ask("a"), frame);
  assert.deepEqual(await ask("b"), frame, "each track has the whole stream");
  assert.deepEqual(await ask("c"), [NIL, "4e2e", "4700000000000000002e", "4afdffffff2e"], "-3");
  const began = performance.now();
  assert.deepEqual(await ask("a"), [NIL, "4e2e", "4700000000000000002e", "4afeffffff2e"], "-2");
  assert.ok(
    performance.now() - began > 700,
    "a request waits for a frame before it is told of none",
  );
  await streamer.send(null);
  assert.deepEqual(await ask("a"), [NIL, "4e2e", "4700000000000000002e", "4affffffff2e"], "-1");
});

test("a request that waits is answered by the next frame at once", { timeout }, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const request = socketOf(t, (zmq) => new zmq.Request());
  request.connect(streamer.endpoint);
  await request.send("none");
  const answer = request.receive();
  await until("the worker is there", () => streamer.counts.peers === 1);
  await streamer.send(picture(5));
  const [buf] = await answer;
  assert.deepEqual(new Uint8Array(buf!), new Uint8Array(picture(5)));
});

test("a Receiver reads what Python's Streamer publishes, and what Python's Workers push", {
  timeout,
}, async (t) => {
  const publisher = socketOf(t, (zmq) => new zmq.Publisher({ linger: 0 }));
  await publisher.bind(LOOPBACK);
  const receiver = await started(t, new Receiver(publisher.lastEndpoint!));
  again(t, 20, () => publisher.send(fromPython(picture(7))));
  const [packet] = await take(1, receiver.handler);
  const { buf, meta, ftime, fno } = packet!;
  assert.deepEqual([meta, ftime, fno], [null, 1732502400.125, 7]);
  assert.deepEqual(new Uint8Array(buf), new Uint8Array(picture(7)));
  const { data, ...size } = await packet!.arr;
  assert.deepEqual(size, { width: 16, height: 16, channels: 3 });
  assert.equal(data.length, 16 * 16 * 3);

  const collector = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  const push = socketOf(t, (zmq) => new zmq.Push({ linger: 0 }));
  push.connect(collector.endpoint);
  await push.send(fromPython(picture(8)));
  const [collected] = await take(1, collector.handler);
  assert.deepEqual(new Uint8Array(collected!.buf), new Uint8Array(picture(8)));
});

test("a Worker asks as Python's does, and pushes four parts", { timeout }, async (t) => {
  const reply = socketOf(t, (zmq) => new zmq.Reply({ linger: 0 }));
  await reply.bind(LOOPBACK);
  const pull = socketOf(t, (zmq) => new zmq.Pull());
  await pull.bind(LOOPBACK);
  const options = { track: "a", reqthread: 1 };
  const worker = await started(t, new Worker(reply.lastEndpoint!, pull.lastEndpoint!, options));
  const frames = take(1, worker.handler);
  assert.deepEqual(hexOf(await reply.receive()), [utf8("a")]);
  // As Python's Streamer answers that it has no frame.
  await reply.send([
    "nil",
    ...["80044e2e", "80044e2e", "80044afeffffff2e"].map((hex) => Buffer.from(hex, "hex")),
  ]);
  assert.deepEqual(hexOf(await reply.receive()), [utf8("a")], "it asks again");
  await reply.send(fromPython(picture(7)));
  const [packet] = await frames;
  packet!.meta = { seen: true };
  assert.equal(await worker.send(packet!), true);
  const [buf, ...pickles] = hexOf(await pull.receive());
  assert.equal(buf, Buffer.from(picture(7)).toString("hex"));
  assert.deepEqual(pickles, ["7d288c047365656e88752e", "4741d9d0f8e00800002e", "4b072e"]);
});
