import assert from "node:assert/strict";
import { test } from "node:test";
import { imageFromPlanes, READABLE_FORMATS } from "../../src/frames/pixels/from-planes.ts";
import { PIXEL_FORMATS, toPixelFormat } from "../../src/frames/pixels/pixel-formats.ts";

/** Soft colours, in a size that no group of pixels divides. */
function picture(width = 13, height = 7) {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      data[at] = 40 + 12 * x;
      data[at + 1] = 60 + 20 * y;
      data[at + 2] = 200 - 6 * x - 5 * y;
    }
  }
  return { data, width, height, channels: 3 as const };
}

function farthest(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  return one.reduce((most, value, n) => Math.max(most, Math.abs(value - other[n]!)), 0);
}

test("planes lie as FFmpeg lays them, in odd sizes too", () => {
  const { width, height, ...rest } = picture(641, 479);
  const sizes = (format: (typeof PIXEL_FORMATS)[number]) => {
    const { data, sizes, lineSizes } = toPixelFormat({ ...rest, width, height }, format);
    assert.equal(
      data.length,
      sizes.reduce((sum, bytes) => sum + bytes, 0),
    );
    return { sizes, lineSizes };
  };
  assert.deepEqual(sizes("rgb24"), { sizes: [3 * 641 * 479], lineSizes: [1923] });
  assert.deepEqual(sizes("bgr24"), { sizes: [3 * 641 * 479], lineSizes: [1923] });
  assert.deepEqual(sizes("gray"), { sizes: [641 * 479], lineSizes: [641] });
  assert.deepEqual(sizes("yuv420p"), {
    sizes: [641 * 479, 321 * 240, 321 * 240],
    lineSizes: [641, 321, 321],
  });
});

test("known colours have the values of Rec. 601", () => {
  const pixel = (...rgb: number[]) => ({
    data: Uint8Array.from([...rgb, ...rgb, ...rgb, ...rgb]),
    ...{ width: 2, height: 2, channels: 3 as const },
  });
  const yuv = (...rgb: number[]) => {
    const { data } = toPixelFormat(pixel(...rgb), "yuv420p");
    return [data[0], data[4], data[5]];
  };
  assert.deepEqual(yuv(0, 0, 0), [16, 128, 128]);
  assert.deepEqual(yuv(255, 255, 255), [235, 128, 128]);
  assert.deepEqual(yuv(255, 0, 0), [82, 90, 240]);
  assert.deepEqual(yuv(0, 255, 0), [144, 54, 34]);
  assert.deepEqual(yuv(0, 0, 255), [41, 240, 110]);
  assert.deepEqual([...toPixelFormat(pixel(1, 2, 3), "bgr24").data.subarray(0, 3)], [3, 2, 1]);
  assert.equal(toPixelFormat(pixel(255, 0, 0), "gray").data[0], 77);
});

test("what was made in a format is read back as the same picture", () => {
  const rgb = picture();
  for (const format of PIXEL_FORMATS) {
    const { data, sizes, lineSizes } = toPixelFormat(rgb, format);
    let begin = 0;
    const planes = sizes.map((bytes) => {
      begin += bytes;
      return data.subarray(begin - bytes, begin);
    });
    const { width, height } = rgb;
    const back = imageFromPlanes({ planes, lineSizes, pixelFormat: format, width, height });
    const wanted = format === "gray" ? toPixelFormat(rgb, "gray").data : rgb.data;
    const most = format === "yuv420p" ? 24 : 0; // a colour sample is that of four pixels
    assert.ok(farthest(back.data, wanted) <= most, `${format}: ${farthest(back.data, wanted)}`);
  }
});

test("every other format that cameras of Filers have is read, with padded rows", () => {
  const line = (...bytes: number[]) => Uint8Array.from([...bytes, 99, 99, 99]); // padding
  const red = [240, 16, 32];
  const one = (pixelFormat: string, ...planes: Uint8Array[]) => {
    const lineSizes = planes.map(({ length }) => length);
    return [...imageFromPlanes({ planes, lineSizes, pixelFormat, width: 2, height: 1 }).data];
  };
  const [r, g, b] = red as [number, number, number];
  assert.deepEqual(one("bgr24", line(b, g, r, b, g, r)), [...red, ...red]);
  assert.deepEqual(one("rgba", line(...red, 7, ...red, 7)), [...red, ...red]);
  assert.deepEqual(one("bgra", line(b, g, r, 7, b, g, r, 7)), [...red, ...red]);
  assert.deepEqual(one("argb", line(7, ...red, 7, ...red)), [...red, ...red]);
  assert.deepEqual(one("gray", line(5, 250)), [5, 250]);
  assert.deepEqual(one("gray16le", line(1, 5, 2, 250)), [5, 250]);
  assert.deepEqual(one("gray16be", line(5, 1, 250, 2)), [5, 250]);
  const whites = [255, 255, 255, 0, 0, 0];
  const limited = [line(235, 16), line(128), line(128)] as const;
  assert.deepEqual(one("yuv420p", ...limited), whites);
  assert.deepEqual(one("yuv422p", ...limited), whites);
  assert.deepEqual(one("yuv444p", line(235, 16), line(128, 128), line(128, 128)), whites);
  assert.deepEqual(one("yuvj420p", line(255, 0), line(128), line(128)), whites);
  assert.deepEqual(one("nv12", line(235, 16), line(128, 128)), whites);
  assert.deepEqual(one("yuyv422", line(235, 128, 16, 128)), whites);
  assert.deepEqual(one("uyvy422", line(128, 235, 128, 16)), whites);
  assert.deepEqual(one("yuvj444p", line(76, 76), line(85, 85), line(255, 255)), [
    ...[254, 0, 0], // pure red in JFIF
    ...[254, 0, 0],
  ]);
});

test("only RGB is made into another format", () => {
  const gray = { data: new Uint8Array(4), width: 2, height: 2, channels: 1 as const };
  assert.throws(() => toPixelFormat(gray, "bgr24"), {
    code: "BAD_SHAPE",
    message: /not 4 in 1/,
  });
});

test("a format that is not known, and planes that are too short, get a sentence", () => {
  const planes = [new Uint8Array(6)];
  const small = { planes, lineSizes: [6], width: 2, height: 1 };
  assert.throws(() => imageFromPlanes({ ...small, pixelFormat: "bayer_rggb8" }), {
    code: "BAD_SHAPE",
    message: /'bayer_rggb8' cannot be read. Choose one of: rgb24, /,
  });
  assert.throws(() => imageFromPlanes({ ...small, pixelFormat: "constructor" }), /cannot be read/);
  for (const pixelFormat of READABLE_FORMATS) {
    assert.throws(
      () => imageFromPlanes({ planes, lineSizes: [6], pixelFormat, width: 9, height: 9 }),
      { code: "BAD_SHAPE", message: new RegExp(`A ${pixelFormat} picture of 9 x 9 pixels`) },
    );
  }
});
