import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../../limits.ts";
import { numberIn, picture } from "../../streams/pictures.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { cameraServer } from "../cameras.ts";

const timeout = TEST_MS;

test("programs that count parts get each frame exactly once, in order, with its identity", {
  timeout,
}, async (t) => {
  const { stream, port } = await cameraServer(t);
  const programs = Array.from({ length: 5 }, () => new Watcher(port, "/camera/live"));
  await eventually(() => stream.viewers.count === programs.length);
  for (let n = 0; n < 200; n++) {
    stream.addFrame(picture(n, 50_000));
    await eventually(() => programs.every(({ parts }) => parts.length === n + 1));
  }
  for (const { parts } of programs) {
    assert.deepEqual(
      parts.map(({ headers, jpeg }) => [Number(headers.get("x-frame-index")), numberIn(jpeg)]),
      Array.from({ length: 200 }, (_, n) => [n, n]),
    );
  }
  assert.equal(stream.stats.skippedFrames, 0);
});

test("20 frames added back to back are 20 indices, 20 readable frames, and 20 entries of `sizes`", {
  timeout,
}, async (t) => {
  const { stream, url } = await cameraServer(t, { ringbufferSize: 20 });
  const every = stream.everyFrame();
  const first = every.next(); // reading begins before the burst
  const listening = await fetch(`${url}/camera/live/sizes`);
  const added = Array.from({ length: 20 }, (_, n) => stream.addFrame(picture(n)).index);
  assert.deepEqual(added, indices(20));

  const read = [(await first).value];
  while (read.length < 20) read.push((await every.next()).value);
  assert.deepEqual(
    read.map((frame) => frame && "index" in frame && frame.index),
    indices(20),
  );

  const held = JSON.parse(await (await fetch(`${url}/camera/live/frames`)).text());
  assert.equal(held.frames.length, 20);
  for (const { href, index } of held.frames) {
    const answer = await fetch(url + href);
    assert.equal(answer.headers.get("x-frame-index"), String(index));
    assert.equal(numberIn(new Uint8Array(await answer.arrayBuffer())), index);
  }

  let told = "";
  for await (const chunk of listening.body!.pipeThrough(new TextDecoderStream())) {
    told += chunk;
    if (told.includes('"index":19')) break;
  }
  assert.deepEqual(
    [...told.matchAll(/"index":(\d+)/g)].map(([, index]) => Number(index)),
    indices(20),
  );
});

test("viewers of variants and of the stream itself share one server: each gets its own, and one encode a size", {
  timeout,
}, async (t) => {
  const { stream, port } = await cameraServer(t);
  const plain = [0, 1].map(() => new Watcher(port, "/camera/live"));
  const small = [0, 1].map(() => new Watcher(port, "/camera/live?quality=50"));
  await eventually(() => stream.stats.viewers === 4);
  for (let n = 0; n < 10; n++) {
    stream.addFrame(picture(n, 20_000));
    await eventually(() => [...plain, ...small].every(({ parts }) => parts.length === n + 1));
  }
  assert.equal(stream.stats.encodes, 10);
  for (const { parts } of plain) assert.ok(parts.every(({ jpeg }) => jpeg.length === 20_000));
  for (const { parts } of small) {
    assert.ok(parts.every(({ jpeg }) => jpeg.length < 5000));
    assert.deepEqual(
      parts.map(({ headers }) => Number(headers.get("x-frame-index"))),
      indices(10),
    );
  }
});

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
