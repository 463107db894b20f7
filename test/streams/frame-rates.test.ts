import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGStream, now } from "thingscope";
import { frameRates } from "../../src/streams/frame-rates.ts";
import { picture } from "./pictures.ts";

/** A stream whose frames were captured at these times. */
function captured(times: readonly number[]): MJPEGStream {
  const stream = new MJPEGStream();
  for (const capturedAt of times) stream.addFrame(picture(1), { capturedAt });
  return stream;
}

const start = now() - 100_000;
const rounded = (value?: number) => value && Math.round(value * 100) / 100;

test("jitter is how far the times between frames are from their mean, on average", () => {
  const even = captured(Array.from({ length: 50 }, (_, n) => start + n * 100));
  assert.equal(rounded(frameRates(even.sizes, start + 4900).jitterMs), 0);
  // 80 and 120 ms by turns: 20 ms from 100, each of them
  const uneven = captured(Array.from({ length: 51 }, (_, n) => start + n * 100 + (n % 2) * 20));
  const { jitterMs, rate, periodMs } = frameRates(uneven.sizes, start + 5000);
  assert.deepEqual([rounded(jitterMs), rounded(rate), rounded(periodMs)], [20, 10, 100]);
});

test("a camera whose pictures arrive later than the next is captured has its rate all the same", () => {
  const stream = captured(Array.from({ length: 50 }, (_, n) => start + n * 40));
  assert.equal(rounded(frameRates(stream.sizes, start + 49 * 40 + 168).rate), 25);
  assert.equal(rounded(frameRates(stream.sizes, start + 49 * 40 + 1250).rate), 0.8);
});

test("bytes a second are those of the window, and fall with the rate as soon as the source is stalled", () => {
  const bytes = picture(1).length;
  const stream = captured([0, 100, 200, 300].map((at) => start + at));
  assert.equal(rounded(frameRates(stream.sizes, start + 300).bytesPerSecond), 10 * bytes);
  assert.equal(rounded(frameRates(stream.sizes, start + 2300).bytesPerSecond), bytes / 2);
});

test("the time over which a source was gone is no jitter", () => {
  const stream = captured([0, 100, 200].map((at) => start + at));
  stream.reset();
  for (const at of [1200, 1300, 1400]) stream.addFrame(picture(1), { capturedAt: start + at });
  const { jitterMs = 0, periodMs = 0 } = frameRates(stream.sizes, start + 1400);
  assert.equal(periodMs, 280);
  assert.equal(rounded(jitterMs), 0, "of four intervals of 100 ms, without the one of 1000");
});

test("before there are enough frames nothing is made up", () => {
  const none = frameRates(new MJPEGStream().sizes);
  assert.deepEqual(none, {
    ...{ ageMs: Number.POSITIVE_INFINITY, periodMs: undefined },
    ...{ rate: 0, jitterMs: undefined, bytesPerSecond: 0 },
  });
  const two = frameRates(captured([start, start + 50]).sizes, start + 50);
  assert.deepEqual([rounded(two.rate), two.jitterMs], [20, undefined]);
});
