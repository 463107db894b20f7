import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { renderSvg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { EncodeQueue } from "../../src/streams/encode-queue.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { cameraServer } from "../server/cameras.ts";

const timeout = TEST_MS;
const size = { width: 640, height: 480 };
const large = await renderSvg(`<svg><circle cx="320" cy="240" r="200" fill="orange"/></svg>`, size);

test("pictures of many sizes are made one at a time, viewers come first, and too many are refused", {
  timeout,
}, async () => {
  const queue = new EncodeQueue(2);
  const order: string[] = [];
  let [running, most] = [0, 0];
  const job = (name: string) => async () => {
    order.push(name);
    running += 1;
    most = Math.max(most, running);
    await sleep(2);
    running -= 1;
  };
  const alone = Array.from({ length: 10 }, (_, n) => queue.alone(job(`alone ${n}`)));
  const viewers = Array.from({ length: 20 }, (_, n) => queue.forViewer(job(`viewer ${n}`)));
  await Promise.all(viewers);
  assert.ok(most <= 2);
  const made = order
    .slice(0, order.indexOf("viewer 19"))
    .filter((name) => name.startsWith("alone"));
  assert.ok(
    made.length >= 1 && made.length <= 6,
    `${made.length} of 10 came before the last viewer`,
  );
  await Promise.all(alone);
  const many = Array.from({ length: 32 }, () => queue.alone(job("many")));
  assert.throws(
    () => {
      for (let n = 0; n < 2; n++) many.push(queue.alone(job("one too many")));
    },
    { code: "TOO_BUSY" },
  );
  await Promise.all(many);
});

test("40 clients that ask for a snapshot of another size each make nobody's variants, and are answered or told when to ask again", {
  timeout,
}, async (t) => {
  const { stream, url } = await cameraServer(t);
  stream.addFrame(large);
  const ask = async (n: number) => {
    const answer = await fetch(`${url}/camera/live/snapshot?width=${100 + n}`);
    const body = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 200) assert.equal(inspectJpeg(body).width, 100 + n);
    return { status: answer.status, retryAfter: answer.headers.get("retry-after") };
  };
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(n)));
  const refused = answers.filter(({ status }) => status === 503);
  assert.equal(answers.length - refused.length, stream.stats.encodes);
  assert.ok(refused.every(({ retryAfter }) => retryAfter === "1"));
  assert.equal(stream.demand.count, 0);
  const before = stream.stats.encodes;
  stream.addFrame(large);
  await sleep(50);
  assert.equal(stream.stats.encodes, before, "nobody asks any more");
});

test("clients that ask for the same size of the same frame share the encode", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  stream.addFrame(large);
  const frame = stream.newest!;
  const pictures = await Promise.all(
    Array.from({ length: 40 }, () => stream.sized(frame, { width: 200 })),
  );
  assert.equal(stream.stats.encodes, 1);
  assert.ok(pictures.every(({ width, index }) => width === 200 && index === 0));
});
