import assert from "node:assert/strict";
import { test } from "node:test";
import { recv, send } from "../../../src/adapters/pystreaming/interface.ts";
import { Packet } from "../../../src/adapters/pystreaming/packet.ts";
import { Receiver } from "../../../src/adapters/pystreaming/receiver.ts";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import {
  IMAG_L,
  IMAG_M,
  IMAG_S,
  loadimage,
  TEST_L,
  TEST_M,
  TEST_S,
  type Testcard,
} from "../../../src/adapters/pystreaming/testcards.ts";
import { withRate } from "../../../src/adapters/pystreaming/with-rate.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { socketOf, started, take } from "./peers.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";

async function* packets(count: number, jpeg: Uint8Array) {
  for (let fno = 0; fno < count; fno++)
    yield new Packet({ buf: jpeg, meta: null, ftime: fno, fno });
}

test("withRate hands everything on, and tells the rate of the last n from the (n + 1)th on", {
  timeout,
}, async () => {
  let clock = 0;
  const rates: number[] = [];
  const options = { print: (rate: number) => rates.push(rate), clock: () => clock };
  const numbers: number[] = [];
  for await (const { fno } of withRate(packets(6, picture(1)), 3, options)) {
    numbers.push(fno);
    clock += fno < 4 ? 0.1 : 0.7;
  }
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(
    rates.map((rate) => Math.round(rate * 100) / 100),
    [10, 10, 3.33],
  );
  assert.throws(() => withRate(packets(1, picture(1)), 0), { code: "BAD_ARGUMENT" });
});

test("withRate writes the rate into the pixels, at 50, 50, when they are looked at; the JPEG stays as it is", {
  timeout,
}, async () => {
  const jpeg = await jpegOf(320, 240);
  let clock = 0;
  const [first, second] = await take(
    2,
    withRate(packets(2, jpeg), 1, { write: true, clock: () => clock++ }),
  );
  const [plain, written] = [await first!.arr, await second!.arr];
  const differing = [...plain.data.keys()].filter((at) => plain.data[at] !== written.data[at]);
  const columns = Array.from(differing, (at) => Math.floor(at / 3) % 320);
  const rows = Array.from(differing, (at) => Math.floor(at / 960));
  assert.ok(differing.length > 200, `${differing.length} values were written`);
  assert.ok(columns.every((x) => x >= 40 && x < 180) && rows.every((y) => y >= 40 && y < 70));
  assert.equal(second!.buf, jpeg);
});

test("there are three cards and three photographs, in three sizes", { timeout }, async () => {
  const all: Testcard[] = [TEST_S, TEST_M, TEST_L, IMAG_S, IMAG_M, IMAG_L];
  assert.deepEqual(all, [0, 1, 2, 3, 4, 5]);
  const sizes = await Promise.all(all.map(loadimage));
  assert.deepEqual(
    sizes.map(({ width, height }) => `${width} x ${height}`),
    ["640 x 480", "1280 x 720", "1920 x 1080", "640 x 480", "1280 x 720", "1920 x 1080"],
  );
  await assert.rejects(loadimage(6 as Testcard), { code: "BAD_ARGUMENT", message: /TEST_S/ });
});

test("an animated card turns past its first round, and ends with the signal", {
  timeout,
}, async (t) => {
  const streamer = await started(t, new Streamer(LOOPBACK));
  const receiver = await started(t, new Receiver(streamer.endpoint));
  const stop = new AbortController();
  const frames = new Map<number, number>();
  // A round has 120 pictures: the sizes of its JPEGs come again, and differ from angle to angle.
  const repeated = () => [...frames].filter(([fno]) => fno >= 120 && frames.has(fno - 120));
  const reading = (async () => {
    for await (const { fno, buf } of receiver.handler) {
      frames.set(fno, buf.length);
      if (repeated().length >= 3) stop.abort();
    }
  })();
  await streamer.testcard(TEST_S, { animated: true, signal: stop.signal });
  await receiver.stop();
  await reading;
  for (const [fno, size] of repeated()) assert.equal(size, frames.get(fno - 120));
  assert.ok(new Set(frames.values()).size > 20);
});

test("send and recv carry arrays, bytes, both or neither over a socket of one's own", {
  timeout,
}, async (t) => {
  const pull = socketOf(t, (zmq) => new zmq.Pull());
  await pull.bind(LOOPBACK);
  const push = socketOf(t, (zmq) => new zmq.Push({ linger: 0 }));
  push.connect(pull.lastEndpoint!);
  const arr = { data: Float32Array.of(0.5, -1, 2, 3, 4, 5), shape: [2, 3] };
  const buf = Uint8Array.of(1, 2, 3);
  const rest = { fno: 3, ftime: 1.5, meta: { a: [true] } };
  await send({ socket: push, ...rest, arr });
  assert.deepEqual(await recv({ socket: pull, arr: true }), { ...rest, arr });
  await send({ socket: push, ...rest, arr, buf });
  const both = await recv({ socket: pull, arr: true, buf: true });
  assert.deepEqual({ ...both, buf: new Uint8Array(both.buf!) }, { ...rest, arr, buf });
  await send({ socket: push, ...rest });
  assert.deepEqual(await recv({ socket: pull }), rest);
  await send({ socket: push, ...rest, arr });
  await assert.rejects(recv({ socket: pull, buf: true }), {
    code: "BAD_MESSAGE",
    message: /4 parts.*5/,
  });
  await send({ socket: push, ...rest, arr });
  const [json] = await pull.receive();
  assert.equal(json!.toString(), '{"dtype":"float32","shape":[2,3]}');
});
