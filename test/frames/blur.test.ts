import assert from "node:assert/strict";
import { test } from "node:test";
import { blurReach, blurred } from "../../src/frames/codec/blur.ts";
import type { RawImage } from "../../src/frames/pixels/pixel-formats.ts";
import { TEST_MS } from "../limits.ts";

const SIZE = 160;
const timeout = TEST_MS;

/** Grey, but for a white square with its middle at (x, y). */
function square(x: number, y: number, channels: 1 | 3 = 1): RawImage {
  const data = new Uint8Array(SIZE * SIZE * channels).fill(40);
  for (let dy = -6; dy <= 6; dy++)
    for (let dx = -6; dx <= 6; dx++)
      for (let channel = 0; channel < channels; channel++)
        data[(wrap(y + dy) * SIZE + wrap(x + dx)) * channels + channel] = 240;
  return { data, width: SIZE, height: SIZE, channels };
}

const wrap = (n: number) => (n + SIZE) % SIZE;

for (const sigma of [0.7, 2.8, 11.2]) {
  test(`what is blurred by ${sigma} pixels is so much wider and no brighter, and goes on at the other edge`, {
    timeout,
  }, async () => {
    for (const channels of [1, 3] as const) {
      const picture = square(0, 80, channels);
      const { data, ...shape } = await blurred(picture, sigma);
      assert.deepEqual(shape, { width: SIZE, height: SIZE, channels });
      const [before, after] = [spread(picture.data, channels), spread(data, channels)];
      const widened = Math.sqrt(after.variance - before.variance);
      assert.ok(Math.abs(widened / sigma - 1) < 0.15, `${widened}`);
      assert.ok(Math.abs(after.mean - before.mean) < 1, `${after.mean}, ${before.mean}`);
    }
  });
}

test("a part that is large enough is blurred as in the whole", { timeout }, async () => {
  const sigma = 2.8;
  const reach = blurReach(sigma);
  const whole = square(80, 80);
  const [left, size] = [70 - reach, 20 + 2 * reach];
  const rows = Array.from({ length: size }, (_, y) => {
    const from = (left + y) * SIZE + left;
    return whole.data.subarray(from, from + size);
  });
  const data = new Uint8Array(Buffer.concat(rows));
  const part = await blurred({ data, width: size, height: size, channels: 1 }, sigma);
  const blurry = await blurred(whole, sigma);
  for (let y = 0; y < 20; y++) {
    const inPart = part.data.subarray((reach + y) * size + reach).subarray(0, 20);
    const inWhole = blurry.data.subarray((70 + y) * SIZE + 70).subarray(0, 20);
    assert.deepEqual(inPart, inWhole, `row ${y}`);
  }
});

test("a picture of one pixel, or of one row, keeps its light at the widest blur, within seconds", {
  timeout,
}, async () => {
  const begun = process.cpuUsage();
  for (const [width, channels] of [
    [1, 3],
    [7, 1],
  ] as const) {
    const data = new Uint8Array(width * channels).fill(99);
    const even = await blurred({ data, width, height: 1, channels }, 200);
    assert.equal(even.data.length, data.length);
    assert.ok(
      even.data.every((light) => Math.abs(light - 99) <= 1),
      `${even.data}`,
    );
  }
  const { user } = process.cpuUsage(begun);
  assert.ok(user / 1e6 < 10, `${user} us`); // libvips takes 14 s for one of 250 pixels
});

test("what is no picture, or no blur, is refused", { timeout }, async () => {
  const picture = square(80, 80);
  assert.equal(await blurred(picture, 0), picture);
  for (const sigma of [-1, 0.1, 201, Number.NaN])
    await assert.rejects(blurred(picture, sigma), { code: "BAD_ARGUMENT" });
  const other = { ...picture, channels: 4, height: SIZE / 4 } as const;
  await assert.rejects(blurred(other, 1), { code: "BAD_SHAPE" });
  await assert.rejects(blurred({ ...picture, width: 7 }, 1), { code: "BAD_SHAPE" });
});

/** Of the first channel's light above the darkest: its mean, and how far it lies from the square's middle, across. */
function spread(data: Uint8Array, channels: number): { mean: number; variance: number } {
  let [sum, all, squares] = [0, 0, 0];
  for (let place = 0; place < SIZE * SIZE; place++) {
    const light = data[place * channels]! - 40;
    const across = wrap((place % SIZE) + SIZE / 2) - SIZE / 2;
    sum += data[place * channels]!;
    if (light <= 0) continue;
    all += light;
    squares += light * across ** 2;
  }
  return { mean: sum / SIZE ** 2, variance: squares / all };
}
