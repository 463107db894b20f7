import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import sharp from "sharp";
import { buffer, type Packet, Receiver, Streamer, Worker } from "thingscope/pystreaming";
import { dumps } from "../../../src/adapters/pystreaming/pickle-writer.ts";
import { packagePath } from "../../../src/base/package-root.ts";
import { freeEndpoint, started, until } from "../../adapters/pystreaming/peers.ts";
import { PICKLES } from "../../adapters/pystreaming/pickles.ts";
import { TEST_MS } from "../../limits.ts";
import { python } from "../programs.ts";
import { PythonProgram, type SeenFrame } from "./python.ts";
import { ascending, assertNothingLost, FPS, FRAMES, untilQuiet } from "./way.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";
const BUFFER_S = 0.5;
const COLOUR = { r: 200, g: 100, b: 50 };
const WIDTH = 64;
const HEIGHT = 48;

const jpeg = await sharp({
  create: { width: WIDTH, height: HEIGHT, channels: 3, background: COLOUR },
})
  .jpeg({ quality: 90, chromaSubsampling: "4:4:4" })
  .toBuffer();

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
  const streamer = await started(t, new Streamer(LOOPBACK));
  const theirs = await PythonProgram.start(t, "receiver.py", streamer.endpoint);
  await assertNothingLost({
    send: () => streamer.send(jpeg),
    ends: [() => numbersOf(theirs.frames)],
    isComplete: () => theirs.frames.length > 0,
    programs: [theirs],
  });
  theirs.frames.forEach(assertColour);
});

test("our Receiver shows what the real Streamer publishes", { timeout }, async (t) => {
  const endpoint = await freeEndpoint();
  const receiver = await started(t, new Receiver(endpoint));
  const packets: Packet[] = [];
  void collect(receiver.handler, packets);
  const theirs = await PythonProgram.start(t, "streamer.py", endpoint);
  await assertNothingLost({
    send: nudging(theirs),
    ends: [() => numbersOf(packets)],
    isComplete: () => packets.length > 0,
    programs: [theirs],
  });
  for (const packet of packets) {
    const { data, width, height } = await packet.arr;
    assert.deepEqual([width, height], [WIDTH, HEIGHT]);
    assertGrey(packet.fno, data[0]!);
  }
});

test(`our Streamer, two real Workers and the real Receiver: ${FRAMES} frames, each once, in order after its buffer`, {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const drain = await freeEndpoint();
  const receiver = await PythonProgram.start(t, "receiver.py", drain, "mapreduce", "buffer");
  const workers = await Promise.all(
    ["one", "two"].map((name) =>
      PythonProgram.start(t, "worker.py", streamer.endpoint, drain, name, "0"),
    ),
  );
  const seen = receiver.frames;
  const first = await assertNothingLost({
    send: () => streamer.send(jpeg),
    ends: [() => receiver.taken.map(({ taken }) => taken)],
    isComplete: () => namesIn(seen).length === 2,
    programs: [receiver, ...workers],
  });
  await untilQuiet(() => seen.length); // longer than the buffer
  assertAscending(numbersOf(seen));
  seen.forEach(assertColour);
  const late = receiver.taken.filter((one) => one.late > BUFFER_S).map(({ taken }) => taken);
  const missing = missingOf(numbersOf(seen), first);
  assert.deepEqual(
    missing.filter((fno) => !late.includes(fno)),
    [],
  );
});

test(`the real Streamer, two of our Workers and our Receiver: ${FRAMES} frames, each once, in order after our buffer`, {
  timeout,
}, async (t) => {
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
  const taken: Packet[] = [];
  const ordered = buffer(BUFFER_S, { video: () => noted(receiver.handler, taken) });
  const packets: Packet[] = [];
  void (async () => {
    for await (const [, packet] of ordered) packets.push(packet);
  })();
  const theirs = await PythonProgram.start(t, "streamer.py", source, "mapreduce");
  await assertNothingLost({
    send: nudging(theirs),
    ends: [() => numbersOf(taken)],
    isComplete: () => namesIn(packets).length === 2,
    programs: [theirs],
  });
  await until("our buffer is empty", () => packets.length + ordered.counts.stale === taken.length);
  assertAscending(numbersOf(packets));
  for (const { fno, meta } of packets) assertGrey(fno, Object(meta).grey);
  const { received, missing, duplicates, refused } = receiver.counts;
  assert.deepEqual(
    { received, duplicates, refused },
    { received: taken.length, duplicates: 0, refused: 0 },
  );
  const numbers = numbersOf(taken);
  assert.equal(missing, Math.max(...numbers) - Math.min(...numbers) + 1 - received);
});

test("a real Worker and one of ours share a track of our Streamer, and push to our Receiver; the real Receiver takes from ours", {
  timeout,
}, async (t) => {
  const tracks = ["none", "b"];
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true, tracks }));
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  const drain = await freeEndpoint();
  const theirs = await PythonProgram.start(t, "receiver.py", drain, "mapreduce");
  const real = await PythonProgram.start(
    ...([t, "worker.py", streamer.endpoint, receiver.endpoint, "real", "0"] as const),
  );
  const ours: Worker[] = [];
  for (const [track, to] of [
    ["none", receiver.endpoint],
    ["b", drain],
  ] as const) {
    const worker = new Worker(streamer.endpoint, to, { track, patienceMs: 1000 });
    ours.push(await started(t, worker));
    void work(worker, (packet) => {
      packet.meta = { worker: "ours" };
    });
  }
  const packets: Packet[] = [];
  void collect(receiver.handler, packets);
  await assertNothingLost({
    send: () => streamer.send(jpeg),
    ends: [() => numbersOf(packets), () => numbersOf(theirs.frames)],
    isComplete: () => namesIn(packets).length === 2 && theirs.frames.length > 0,
    programs: [theirs, real],
  });
  for (const { counts } of ours) assert.deepEqual([counts.dropped, counts.refused], [0, 0]);
  const boxes = packets.flatMap(({ meta }) => Object(meta).boxes ?? []).slice(0, 2);
  assert.deepEqual(
    boxes,
    [
      [1, 2],
      [3, 4],
    ],
    "tuples are arrays",
  );
});

test("above the capacity of a real Worker, the numbers that are missing are counted", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  await PythonProgram.start(t, "worker.py", streamer.endpoint, receiver.endpoint, "slow", "0.15");
  const packets: Packet[] = [];
  void collect(receiver.handler, packets);
  for (let n = 0; n < 4 * FPS; n++) {
    await streamer.send(jpeg);
    await after(500 / FPS);
  }
  await untilQuiet(() => packets.length);
  const numbers = numbersOf(packets);
  const { received, missing } = receiver.counts;
  assert.equal(received, numbers.length);
  assert.equal(missing, Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length);
  assert.ok(missing > FPS, `${missing} of ${4 * FPS} are missing`);
});

async function collect<T>(from: AsyncIterable<T>, into: T[]): Promise<void> {
  for await (const one of from) into.push(one);
}

/** What comes, and is kept in `into` too. */
async function* noted<T>(from: AsyncIterable<T>, into: T[]): AsyncGenerator<T, void> {
  for await (const one of from) {
    into.push(one);
    yield one;
  }
}

/** A Worker's loop as the seed has it. */
async function work(worker: Worker, look: (packet: Packet) => void | Promise<void>): Promise<void> {
  for await (const packet of worker.handler) {
    await look(packet);
    await worker.send(packet);
  }
}

/** Lets streamer.py send its frames. */
function nudging(streamer: PythonProgram): () => number {
  let fno = 0;
  return () => {
    streamer.nudge();
    return fno++;
  };
}

function numbersOf(frames: readonly { readonly fno: number }[]): number[] {
  return frames.map(({ fno }) => fno);
}

/** Those of the frames from `first` that are not there. */
function missingOf(numbers: readonly number[], first: number): number[] {
  const all = Array.from({ length: FRAMES }, (_, n) => first + n);
  return all.filter((fno) => !numbers.includes(fno));
}

function assertAscending(numbers: readonly number[]): void {
  assert.deepEqual(numbers, [...new Set(numbers)].toSorted(ascending));
}

function namesIn(frames: readonly { readonly meta: unknown }[]): string[] {
  return [...new Set(frames.map(({ meta }) => String(Object(meta).worker)))].toSorted();
}

/** That frame n of the real Streamer is the grey that streamer.py gave it. */
function assertGrey(fno: number, grey: number): void {
  assert.ok(Math.abs(grey - ((2 * fno) % 256)) <= 2, `frame ${fno} is a grey of ${grey}`);
}
