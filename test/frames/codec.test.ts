import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import {
  decodeLuma,
  decodeRgb,
  encodeJpeg,
  renderSvg,
  renderSvgRaw,
  resizeJpeg,
} from "../../src/frames/codec/codec.ts";
import { inspectJpeg, STANDARD_HUFFMAN_TABLES } from "../../src/frames/jpeg/jpeg.ts";
import { join, jpegOf, segmentsOf } from "./jpegs.ts";

let jpeg: Uint8Array;
before(async () => {
  jpeg = await jpegOf(320, 240);
});

async function fails(promise: Promise<unknown>, code: string, sentence: RegExp): Promise<void> {
  await assert.rejects(
    promise,
    (error) => error instanceof ThingError && error.code === code && sentence.test(error.message),
  );
}

function sizeOf(bytes: Uint8Array): [number, number] {
  const { width, height } = inspectJpeg(bytes);
  return [width, height];
}

describe("pixels become a JPEG", () => {
  test("grey, RGB and RGB with a fourth byte, and come back nearly the same", async () => {
    for (const channels of [1, 3, 4] as const) {
      const data = new Uint8Array(32 * 16 * channels).fill(200);
      const encoded = await encodeJpeg({ data, width: 32, height: 16, channels }, { quality: 95 });
      assert.deepEqual(sizeOf(encoded), [32, 16]);
      const luma = await decodeLuma(encoded);
      assert.equal(luma.data.length, 32 * 16);
      assert.ok(luma.data.every((value) => Math.abs(value - 200) <= 2));
    }
  });

  test("with the standard Huffman tables, at the quality asked for", async () => {
    const { data, width, height } = await decodeRgb(jpeg);
    const image = { data, width, height, channels: 3 as const };
    const good = await encodeJpeg(image, { quality: 90 });
    const poor = await encodeJpeg(image, { quality: 30 });
    assert.ok(poor.length < good.length / 2);
    const tables = segmentsOf(good).filter(({ code }) => code === 0xc4);
    const contents = tables.map(({ at, end }) => good.subarray(at + 4, end));
    assert.deepEqual(
      Buffer.from(join(...contents)).toString("hex"),
      Buffer.from(STANDARD_HUFFMAN_TABLES.subarray(4)).toString("hex"),
    );
  });

  test("unless the shape or the quality is wrong", async () => {
    const data = new Uint8Array(10);
    const image = { data, width: 2, height: 2, channels: 3 as const };
    await fails(encodeJpeg(image), "BAD_SHAPE", /needs 12 bytes and at least one, but has 10/);
    const whole = { ...image, data: new Uint8Array(12) };
    await fails(encodeJpeg(whole, { quality: 0 }), "BAD_ARGUMENT", /integer from 1 to 100, not 0/);
  });
});

describe("a JPEG becomes smaller", () => {
  test("keeps its aspect and is enlarged only when asked", async () => {
    assert.deepEqual(sizeOf(await resizeJpeg(jpeg, { width: 100 })), [100, 75]);
    assert.deepEqual(sizeOf(await resizeJpeg(jpeg, { width: 640 })), [320, 240]);
    assert.deepEqual(sizeOf(await resizeJpeg(jpeg, { width: 640, enlarge: true })), [640, 480]);
    const poor = await resizeJpeg(jpeg, { quality: 10 });
    assert.deepEqual(sizeOf(poor), [320, 240]);
    assert.ok(poor.length < jpeg.length / 2);
    await fails(resizeJpeg(jpeg, { width: 1.5 }), "BAD_ARGUMENT", /width .* not 1\.5/);
  });
});

describe("a JPEG becomes pixels", () => {
  test("luma is that of the colours, at most as wide as asked", async () => {
    const { data: rgb } = await decodeRgb(jpeg);
    const luma = await decodeLuma(jpeg);
    assert.deepEqual([luma.width, luma.height, luma.channels], [320, 240, 1]);
    for (let pixel = 0; pixel < 320 * 240; pixel += 997) {
      const [r, g, b] = [rgb[3 * pixel]!, rgb[3 * pixel + 1]!, rgb[3 * pixel + 2]!];
      assert.ok(Math.abs(luma.data[pixel]! - (0.299 * r + 0.587 * g + 0.114 * b)) < 1.5);
    }
    const small = await decodeLuma(jpeg, { width: 80 });
    assert.deepEqual([small.width, small.height, small.data.length], [80, 60, 4800]);
  });

  test("unless it is not whole, too large, or no JPEG", async () => {
    const { end } = segmentsOf(jpeg).at(-1)!;
    const cut = join(jpeg.subarray(0, (end + jpeg.length) >> 1), [0, 0xff, 0xd9]);
    await fails(decodeLuma(cut), "BAD_FRAME", /cannot be decoded \(.*premature end/i);
    await fails(decodeRgb(Buffer.from("<svg/>")), "BAD_FRAME", /begins with 3C/);
    await fails(resizeJpeg(jpeg.subarray(0, -2), { width: 9 }), "BAD_FRAME", /EOI/);
  });
});

describe("an SVG drawing", () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="10" fill="#fff"/></svg>';

  test("becomes a JPEG or pixels of the size asked for, on black", async () => {
    assert.deepEqual(sizeOf(await renderSvg(svg, { width: 64, height: 32 })), [64, 32]);
    const { data, width, height, channels } = await renderSvgRaw(svg, { width: 64, height: 32 });
    assert.deepEqual([width, height, channels, data.length], [64, 32, 3, 64 * 32 * 3]);
    assert.deepEqual([...data.subarray(0, 3)], [255, 255, 255]);
    assert.deepEqual([...data.subarray(-3)], [0, 0, 0]);
  });

  test("that is none is refused", async () => {
    await fails(renderSvg("hello", { width: 8, height: 8 }), "BAD_FRAME", /cannot be decoded/);
  });
});
