import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { decodeLuma, resizeJpeg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg, type JpegInfo } from "../../src/frames/jpeg/jpeg.ts";
import { JpegSplitter } from "../../src/frames/jpeg/jpeg-splitter.ts";
import { jpegCorpus, type Sample } from "./jpeg-corpus.ts";
import { withOrientation } from "./jpegs.ts";
import { coded, cornersOf, QUARTERS } from "./quarters.ts";

let samples: Sample[];
before(async () => {
  samples = await jpegCorpus();
});

function infoOf(jpeg: Uint8Array): JpegInfo | undefined {
  try {
    return inspectJpeg(jpeg);
  } catch {
    return undefined;
  }
}

describe("one verdict on a picture", () => {
  test("what is accepted as a frame is cut out of a stream whole, and can be made smaller", async () => {
    assert.ok(samples.length > 200);
    const accepted = samples.filter(({ jpeg }) => infoOf(jpeg));
    assert.ok(accepted.length > 150, `${accepted.length} of ${samples.length}`);
    for (const { name, jpeg } of accepted) {
      const { length, width } = inspectJpeg(jpeg);
      const [cut] = new JpegSplitter().push(jpeg);
      assert.ok(cut && Buffer.compare(cut, jpeg.subarray(0, length)) === 0, name);
      const small = inspectJpeg(await resizeJpeg(jpeg, { width: 48 }));
      assert.equal(small.width, Math.min(48, width), name);
    }
  });

  test("bytes before a marker cost nothing of the picture, nor do partial Huffman tables", async () => {
    const whole = samples.filter(({ name }) =>
      /^stray: .* before FF|: without Huffman table|^restart: .*before each/.test(name),
    );
    const shown = whole.filter(({ jpeg }) => infoOf(jpeg));
    const refused = whole.filter((sample) => !shown.includes(sample)).map(({ name }) => name);
    assert.deepEqual(
      refused,
      ["1 byte", "608 bytes", "FF00"].map((what) => `stray: ${what} before FFdb at 2`),
      "no browser knows a JPEG whose third byte is not FF",
    );
    for (const { name, jpeg } of shown) assertQuarters(await cornersOf(jpeg), QUARTERS, name);
  });
});

test("measuring takes a picture with bytes before a marker, and refuses one whose data is damaged", async () => {
  const luma = (name: string) => decodeLuma(samples.find((one) => one.name === name)!.jpeg);
  assert.equal((await luma("stray: 608 bytes before FFc0 at 140")).data.length, 128 * 64);
  assert.equal((await luma("restart: bytes before one")).data.length, 128 * 64);
  for (const damaged of ["scan: one byte", "scan: garbled"]) {
    await assert.rejects(luma(damaged), { code: "BAD_FRAME" }, damaged);
  }
});

test("CMYK has the colours that browsers show", async () => {
  const inks = samples.find(({ name }) => name === "colour: CMYK, Adobe 0, inverted")!;
  assertQuarters(await cornersOf(inks.jpeg), QUARTERS, inks.name);
  assertQuarters(await cornersOf(await resizeJpeg(inks.jpeg, { width: 64 })), QUARTERS, inks.name);
});

describe("a picture that lies in its file as EXIF tells", () => {
  const [red, green, blue, yellow] = QUARTERS;
  /** What is shown at the corners of each: above left and right, below left and right. */
  const SHOWN = {
    1: [red, green, blue, yellow],
    2: [green, red, yellow, blue],
    3: [yellow, blue, green, red],
    4: [blue, yellow, red, green],
    5: [red, blue, green, yellow],
    6: [blue, red, yellow, green],
    7: [yellow, green, blue, red],
    8: [green, yellow, red, blue],
  } as const;

  for (const [orientation, corners] of Object.entries(SHOWN)) {
    test(`is upright when it is made smaller or decoded: orientation ${orientation}`, async () => {
      const jpeg = withOrientation(await coded(), Number(orientation));
      const { width, height } = inspectJpeg(jpeg);
      assert.deepEqual([width, height], Number(orientation) < 5 ? [128, 64] : [64, 128]);
      assertQuarters(await cornersOf(jpeg), corners, "decoded");
      for (const options of [{ width: 32 }, { quality: 70 }, { width: 200, enlarge: true }]) {
        const other = await resizeJpeg(jpeg, options);
        const info = inspectJpeg(other);
        assert.equal(info.width, options.width ?? width);
        assert.equal(info.height, Math.round((info.width * height) / width));
        assert.equal(info.orientation, 1);
        assertQuarters(await cornersOf(other), corners, JSON.stringify(options));
      }
    });
  }
});

function assertQuarters(
  found: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  what: string,
): void {
  const isNear = expected.every((rgb, n) => rgb.every((v, k) => Math.abs(v - found[n]![k]!) < 30));
  assert.ok(isNear, `${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
}
