import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { Receiver } from "../../../src/adapters/pystreaming/receiver.ts";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import { Worker } from "../../../src/adapters/pystreaming/worker.ts";
import { logTo } from "../../../src/base/log.ts";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { picture } from "../../streams/pictures.ts";
import { again, socketOf, started, take, until } from "./peers.ts";
import { HOSTILE_PICKLES } from "./pickles.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";
const MB = 1e6;

function logged() {
  const lines: string[] = [];
  return { lines, log: logTo((level, line) => lines.push(`${level} ${line}`)) };
}

/** Frames and what is none, in turn, from a peer of the Receiver. */
const HOSTILE: readonly (readonly (string | Uint8Array)[])[] = [
  ...Object.values(HOSTILE_PICKLES).map((hex) => [
    picture(0),
    Buffer.from(hex, "hex"),
    "G\0\0\0\0\0\0\0\0.",
    "K\x01.",
  ]),
  [picture(0)],
  [""],
  [picture(0), "N.", "K\x01.", "K\x01.", "N."],
  [picture(0), "N.", "N.", "K\x01."], // no time
  [picture(0), "N.", "K\x01.", "N."], // no number
  [picture(0), "N.", Buffer.from("477ff80000000000002e", "hex"), "K\x01."], // a time that is no number
  [picture(0), "", "", ""],
];

async function stillWorks(t: TestContext, receiver: Receiver): Promise<void> {
  const push = socketOf(t, (zmq) => new zmq.Push({ linger: 0 }));
  push.connect(receiver.endpoint);
  const reading = take(1, receiver.handler);
  await push.send([picture(9), "N.", "K\x01.", "K\x09."]);
  const [packet] = await reading;
  assert.equal(packet!.fno, 9);
}

test("messages that are no frame are counted, with one line in the log, and the next frame is as good as ever", {
  timeout,
}, async (t) => {
  const { lines, log } = logged();
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true, log }));
  const push = socketOf(t, (zmq) => new zmq.Push({ linger: 0 }));
  push.connect(receiver.endpoint);
  const before = await memoryHeld();
  for (let round = 0; round < 100; round++) {
    for (const message of HOSTILE) await push.send([...message]);
  }
  await until("all are counted", () => receiver.counts.refused === 100 * HOSTILE.length);
  const held = (await memoryHeldWithin(before + 2 * MB)) - before;
  assert.ok(held < 2 * MB, `${(held / MB).toFixed(1)} MB more are held`);
  await stillWorks(t, receiver);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(
    lines[0]!,
    /^warn tcp:.* sent a message that is not a frame: The pickle asks to import or call/,
  );
  assert.deepEqual(receiver.counts, {
    ...{ received: 1, missing: 0, duplicates: 0, skipped: 0, refused: 100 * HOSTILE.length },
  });
});

test("a part that is too large is not taken, and only its sender is hung up on", {
  timeout,
}, async (t) => {
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true, maxBytes: 2 * MB }));
  const good = await started(t, new Worker("tcp://127.0.0.1:1", receiver.endpoint));
  const bad = socketOf(t, (zmq) => new zmq.Push({ linger: 0, reconnectInterval: 50 }));
  bad.connect(receiver.endpoint);
  const before = process.memoryUsage().rss;
  const hungUp = new Promise<void>((resolve) => bad.events.on("disconnect", () => resolve()));
  await bad.send([Buffer.alloc(50 * MB), "N.", "K\x01.", "K\x01."]);
  await hungUp;
  const reading = take(5, receiver.handler);
  for (let fno = 0; fno < 5; fno++) {
    await good.send({ buf: picture(fno), meta: null, ftime: fno, fno });
  }
  assert.deepEqual(
    (await reading).map(({ fno }) => fno),
    [0, 1, 2, 3, 4],
  );
  const grown = process.memoryUsage().rss - before - 50 * MB; // the sender is in this process too
  assert.ok(grown < 30 * MB, `${(grown / MB).toFixed(0)} MB more`);
});

test("a header that says 4 GB, half a greeting, another protocol: hung up on, counted, one line in the log", {
  timeout,
}, async (t) => {
  const { lines, log } = logged();
  const streamer = await started(t, new Streamer(LOOPBACK, { log }));
  const receiver = await started(t, new Receiver(streamer.endpoint));
  const { port } = new URL(streamer.endpoint);
  const greeting = Buffer.concat([
    Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]),
    Buffer.from("NULL".padEnd(20, "\0")),
    Buffer.alloc(32),
  ]);
  const command = Buffer.from([0x06, 0, 0, 0, 1, 0, 0, 0, 0]); // of 4 GB
  const huge = Buffer.concat([greeting, command]);
  const shouts = [
    Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(5)),
    greeting.subarray(0, 20),
    Buffer.concat([greeting, huge]),
  ];
  for (const shout of shouts) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.on("data", () => {});
    socket.write(shout);
    const closed = once(socket, "close");
    await (shout === huge ? closed : Promise.race([once(socket, "data"), closed]));
    socket.destroy();
  }
  await until("they are counted", () => streamer.counts.refused >= 2);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /does not speak ZeroMQ and was disconnected/);
  await flows(streamer, receiver);
});

test("requests that are none are counted and not answered; of many at once from one, 64 wait for a frame", {
  timeout,
}, async (t) => {
  const { lines, log } = logged();
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true, log }));
  const worker = await started(t, new Worker(streamer.endpoint, "tcp://127.0.0.1:1"));
  const hostile = socketOf(t, (zmq) => new zmq.Dealer({ linger: 0, sendHighWaterMark: 5000 }));
  hostile.connect(streamer.endpoint);
  for (let n = 0; n < 200; n++) {
    await hostile.send("none");
    await hostile.send(["", "none", "none"]);
    await hostile.send(["x", "none"]);
  }
  await until("they are counted", () => streamer.counts.refused === 600);
  assert.equal(lines.length, 1, lines.join("\n"));
  for (let n = 0; n < 150; n++) await hostile.send(["", "none"]);
  const answers: number[] = [];
  for (let n = 0; n < 150 - 64; n++) answers.push((await hostile.receive())[4]!.readInt32LE(1));
  assert.ok(
    answers.every((fno) => fno === -2),
    "told at once that there is no frame",
  );
  const reading = take(3, worker.handler);
  again(t, 5, () => streamer.send(picture(1)));
  assert.equal((await reading).length, 3);
});

test("a thousand connections a second leave the others alone, and nothing behind", {
  timeout,
}, async (t) => {
  const { lines, log } = logged();
  const streamer = await started(t, new Streamer(LOOPBACK, { log }));
  const receiver = await started(t, new Receiver(streamer.endpoint));
  await flows(streamer, receiver);
  const before = await memoryHeld();
  const { port } = new URL(streamer.endpoint);
  for (let round = 0; round < 100; round++) {
    const sockets = Array.from({ length: 10 }, () => connect(Number(port), "127.0.0.1"));
    await Promise.all(
      sockets.map(async (socket) => {
        socket.on("error", () => {});
        await once(socket, "connect");
        socket.write("nonsense of some length, which is no greeting of ZeroMQ at all");
        socket.resetAndDestroy();
      }),
    );
    if (round % 20 === 0) await flows(streamer, receiver);
  }
  await until("all have gone", () => streamer.counts.peers === 1);
  await flows(streamer, receiver);
  const held = (await memoryHeldWithin(before + 2 * MB)) - before;
  assert.ok(held < 2 * MB, `${(held / MB).toFixed(1)} MB more are held`);
  assert.ok(lines.length <= 1, lines.join("\n"));
});

/** That frames go from the one to the other. */
async function flows(streamer: Streamer, receiver: Receiver): Promise<void> {
  const reading = take(1, receiver.handler);
  const sending = setInterval(() => void streamer.send(picture(1)), 5);
  try {
    await reading;
  } finally {
    clearInterval(sending);
  }
}
