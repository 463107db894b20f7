import assert from "node:assert/strict";
import { test } from "node:test";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { newPath } from "./recordings.ts";

const FRAMES = 400;
const sizeOf = (n: number) => 20_000 + 97 * (n % 50);

test("a recorder is lent frames whose memory is used again once they are written; every picture in the file is its own", {
  timeout: TEST_MS,
}, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const path = await newPath();
  const pieces = new Set<ArrayBufferLike>();
  stream.follow((stored) => pieces.add(stored.bytes("program").buffer));
  const recording = await startRecording({ camera: stream, path });
  const kept = new Map<number, Uint8Array>();
  for (let n = 0; n < FRAMES; n++) {
    stream.addFrame(picture(n, sizeOf(n)));
    if (n % 50 === 10) kept.set(n, stream.heldFrame(n).jpeg); // the caller keeps this one for good
    if (n % 100 === 99) await eventually(() => recording.queuedBytes === 0);
  }
  const { written } = await recording.stop();
  assert.equal(written, FRAMES);
  assert.ok(pieces.size < FRAMES / 2, `${pieces.size} pieces for ${FRAMES} frames`);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await using film = await openRecording(path);
  let next = 0;
  for await (const { index, jpeg } of film.frames()) {
    assert.equal(index, next);
    assert.ok(Buffer.from(jpeg).equals(picture(next, sizeOf(next))), `frame ${next} is another`);
    next += 1;
  }
  assert.equal(next, FRAMES);
  for (const [n, jpeg] of kept) {
    assert.ok(Buffer.from(jpeg).equals(picture(n, sizeOf(n))), `frame ${n} in hand has changed`);
  }
});

test("a disk that lags behind keeps what was lent to it", { timeout: TEST_MS }, async () => {
  const stream = new MJPEGStream({ ringbufferSize: 1 });
  const path = await newPath();
  const recording = await startRecording({ camera: stream, path });
  for (let n = 0; n < 300; n++) stream.addFrame(picture(n, sizeOf(n))); // all before one is written
  await recording.stop();
  await using film = await openRecording(path);
  let next = 0;
  for await (const { jpeg } of film.frames()) {
    assert.ok(Buffer.from(jpeg).equals(picture(next, sizeOf(next))), `frame ${next} is another`);
    next += 1;
  }
  assert.equal(next, 300);
});
