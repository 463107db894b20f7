import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import sharp from "sharp";
import { buffer, dumps, type Packet, Receiver, Streamer, Worker } from "thingscope/pystreaming";
import { packagePath } from "../../../src/base/package-root.ts";
import { type Cleared, freeEndpoint, started, until } from "../../adapters/pystreaming/peers.ts";
import { PICKLES } from "../../adapters/pystreaming/pickles.ts";
import { TEST_MS } from "../../limits.ts";
import { python } from "../programs.ts";
import { PythonProgram, type SeenFrame } from "./python.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";
const FPS = 15;
const SECONDS = process.env.THINGSCOPE_LONG ? 10 : 4;
const TRIES = 5;
const COLOUR = { r: 200, g: 100, b: 50 };
const WIDTH = 64;
const HEIGHT = 48;

const jpeg = await sharp({
  create: { width: WIDTH, height: HEIGHT, channels: 3, background: COLOUR },
})
  .jpeg({ quality: 90, chromaSubsampling: "4:4:4" })
  .toBuffer();

/** The numbers that came, and how many were sent. */
interface Run {
  readonly numbers: readonly number[];
  readonly sent: number;
}

/**
 * That nothing is lost: each number comes once. Python's programs drop frames without a word when the machine is busy
 * (their queues hold three), so it is tried again when some are missing; none may ever come twice, or out of order.
 */
async function assertNothingLost(t: Cleared, run: (t: Cleared) => Promise<Run>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const clears: (() => unknown)[] = [];
    t.after(() => Promise.all(clears.map((clear) => clear())));
    const { numbers, sent } = await run({ after: (clear) => clears.push(clear) });
    await Promise.all(clears.splice(0).map((clear) => clear()));
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
    if (numbers.length === sent) return;
    assert.ok(attempt < TRIES, `${numbers.length} of ${sent} came, in the best of ${TRIES} tries`);
  }
}

/** Waits until so many have come, or nothing has come for two seconds. */
async function untilQuiet(count: () => number, expected: number): Promise<void> {
  let [last, since] = [count(), performance.now()];
  while (last < expected && performance.now() - since < 2000) {
    await after(20);
    if (count() !== last) [last, since] = [count(), performance.now()];
  }
}

/** Sends so many frames, one each fifteenth of a second. */
async function stream(streamer: Streamer, frames: number): Promise<void> {
  const start = performance.now();
  for (let n = 0; n < frames; n++) {
    await after(Math.max(0, start + (n * 1000) / FPS - performance.now()));
    await streamer.send(jpeg);
  }
}

function assertColour({ rgb, shape }: SeenFrame): void {
  assert.deepEqual(shape, [HEIGHT, WIDTH, 3]);
  const [red = 0, green = 0, blue = 0] = rgb;
  const off = Math.max(
    Math.abs(red - COLOUR.r),
    Math.abs(green - COLOUR.g),
    Math.abs(blue - COLOUR.b),
  );
  assert.ok(off <= 6, `${rgb}`);
}

test("Python's pickle reads every value that is written here as what it is", {
  timeout,
}, async () => {
  const child = spawn(python(), [packagePath("test", "interop", "pystreaming", "pickles.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const values = PICKLES.map(([value]) => value);
  const lines = values.map((value) => Buffer.from(dumps(value)).toString("hex"));
  child.stdin.end(`${lines.join("\n")}\n`);
  const answers = (await text(child.stdout)).trim().split("\n");
  assert.equal(answers.length, values.length);
  for (const [n, answer] of answers.entries()) {
    const value = values[n];
    if (typeof value === "bigint") assert.equal(answer, String(value));
    else if (value instanceof Uint8Array) assert.deepEqual(JSON.parse(answer), [...value]);
    else assert.deepEqual(JSON.parse(answer), value);
  }
});

test("the real Receiver shows what our Streamer publishes", { timeout }, async (t) => {
  await assertNothingLost(t, async (t) => {
    const streamer = await started(t, new Streamer(LOOPBACK));
    const theirs = await PythonProgram.start(t, "receiver.py", streamer.endpoint);
    await until("it is there", () => streamer.counts.peers === 1);
    await after(500); // its subscription
    await stream(streamer, 3 * FPS);
    await untilQuiet(() => theirs.lines.length, 3 * FPS);
    theirs.frames.forEach(assertColour);
    // Its two decoders overtake each other.
    return { numbers: inOrder(theirs.frames), sent: 3 * FPS };
  });
});

test("our Receiver shows what the real Streamer publishes", { timeout }, async (t) => {
  const endpoint = await freeEndpoint();
  const receiver = await started(t, new Receiver(endpoint));
  const packets: Packet[] = [];
  void collect(receiver.handler, packets);
  const streamer = await PythonProgram.start(t, "streamer.py", endpoint, `${FPS}`, "3");
  await streamer.ended();
  // The first frames are gone before the subscription is there.
  assert.ok(packets.length > FPS, `${packets.length}`);
  for (const packet of packets) {
    const { data, width, height } = await packet.arr;
    assert.deepEqual([width, height], [WIDTH, HEIGHT]);
    assertGrey(packet.fno, data[0]!);
  }
});

test(`our Streamer, two real Workers and the real Receiver: ${FPS} fps for ${SECONDS} s, each frame once, in order after its buffer`, {
  timeout,
}, async (t) => {
  await assertNothingLost(t, async (t) => {
    const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
    const drain = await freeEndpoint();
    const receiver = await PythonProgram.start(t, "receiver.py", drain, "mapreduce", "buffer");
    await Promise.all(
      ["one", "two"].map((name) =>
        PythonProgram.start(t, "worker.py", streamer.endpoint, drain, name, "0"),
      ),
    );
    await until("all requesters are there", () => streamer.counts.peers === 6);
    const sent = SECONDS * FPS;
    await stream(streamer, sent);
    await untilQuiet(() => receiver.lines.length, sent);
    const seen = receiver.frames;
    seen.forEach(assertColour);
    assert.deepEqual(namesIn(seen), ["one", "two"]);
    return { numbers: seen.map(({ fno }) => fno), sent };
  });
});

test(`the real Streamer, two of our Workers and our Receiver: ${FPS} fps for ${SECONDS} s, each frame once, in order after our buffer`, {
  timeout,
}, async (t) => {
  await assertNothingLost(t, async (t) => {
    const source = await freeEndpoint();
    const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
    for (const name of ["one", "two"]) {
      void work(
        await started(t, new Worker(source, receiver.endpoint, { patienceMs: 1000 })),
        async (packet) => {
          packet.meta = { worker: name, grey: (await packet.arr).data[0]! };
        },
      );
    }
    const packets: Packet[] = [];
    void (async () => {
      for await (const [, packet] of buffer(0.5, { video: receiver.handler })) packets.push(packet);
    })();
    const sent = SECONDS * FPS;
    await PythonProgram.start(t, "streamer.py", source, `${FPS}`, `${SECONDS}`, "mapreduce");
    await until("some have come", () => packets.length > 0);
    await untilQuiet(() => packets.length, sent);
    for (const { fno, meta } of packets) assertGrey(fno, Object(meta).grey);
    assert.deepEqual(namesIn(packets), ["one", "two"]);
    const { received, missing, duplicates, refused } = receiver.counts;
    assert.deepEqual(
      { received, duplicates, refused },
      {
        ...{ received: packets.length, duplicates: 0, refused: 0 },
      },
    );
    assert.equal(missing, Math.max(...packets.map(({ fno }) => fno)) + 1 - received);
    return { numbers: packets.map(({ fno }) => fno), sent };
  });
});

test("a real Worker and one of ours share a track of our Streamer, and push to our Receiver; the real Receiver takes from ours", {
  timeout,
}, async (t) => {
  await assertNothingLost(t, async (t) => {
    const tracks = ["none", "b"];
    const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true, tracks }));
    const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
    const drain = await freeEndpoint();
    const theirs = await PythonProgram.start(t, "receiver.py", drain, "mapreduce");
    await PythonProgram.start(t, "worker.py", streamer.endpoint, receiver.endpoint, "real", "0");
    for (const [track, to] of [
      ["none", receiver.endpoint],
      ["b", drain],
    ] as const) {
      void work(
        await started(t, new Worker(streamer.endpoint, to, { track, patienceMs: 1000 })),
        (packet) => {
          packet.meta = { worker: "ours" };
        },
      );
    }
    const packets: Packet[] = [];
    void collect(receiver.handler, packets);
    await until("all are there", () => streamer.counts.peers === 5);
    const sent = 3 * FPS;
    await stream(streamer, sent);
    await untilQuiet(() => Math.min(packets.length, theirs.lines.length), sent);
    assert.deepEqual(namesIn(packets), ["ours", "real"]);
    const boxes = packets.flatMap(({ meta }) => Object(meta).boxes ?? []).slice(0, 2);
    assert.deepEqual(
      boxes,
      [
        [1, 2],
        [3, 4],
      ],
      "tuples are arrays",
    );
    const [ours, real] = [inOrder(packets), inOrder(theirs.frames)];
    return { numbers: ours.length < real.length ? ours : real, sent };
  });
});

test("above the capacity of a real Worker, the numbers that are missing are counted", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  await PythonProgram.start(t, "worker.py", streamer.endpoint, receiver.endpoint, "slow", "0.15");
  const packets: Packet[] = [];
  void collect(receiver.handler, packets);
  await until("it is there", () => streamer.counts.peers === 3);
  await stream(streamer, 4 * FPS);
  await untilQuiet(() => packets.length, 4 * FPS);
  const numbers = packets.map(({ fno }) => fno);
  const { received, missing } = receiver.counts;
  assert.equal(received, numbers.length);
  assert.equal(missing, Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length);
  assert.ok(missing > FPS, `${missing} of ${4 * FPS} are missing`);
});

async function collect<T>(from: AsyncIterable<T>, into: T[]): Promise<void> {
  for await (const one of from) into.push(one);
}

/** A Worker's loop as the seed has it. */
async function work(worker: Worker, look: (packet: Packet) => void | Promise<void>): Promise<void> {
  for await (const packet of worker.handler) {
    await look(packet);
    await worker.send(packet);
  }
}

function inOrder(frames: readonly { readonly fno: number }[]): number[] {
  return frames.map(({ fno }) => fno).toSorted((a, b) => a - b);
}

function namesIn(frames: readonly { readonly meta: unknown }[]): string[] {
  return [...new Set(frames.map(({ meta }) => String(Object(meta).worker)))].toSorted();
}

/** That frame n of the real Streamer is the grey that streamer.py gave it. */
function assertGrey(fno: number, grey: number): void {
  assert.ok(Math.abs(grey - ((2 * fno) % 256)) <= 2, `frame ${fno} is a grey of ${grey}`);
}
