import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { TEST_MS } from "../limits.ts";
import { runToEnd, v4l2Program } from "./program.ts";
import { type Colour, RAW, SLOPES, visible } from "./raw.ts";

const program = v4l2Program();

async function encoded(format: string, size: string, pixels: Uint8Array): Promise<Buffer> {
  const command = [program, "encode-test", format, size, "--repeat", "1", "--quality", "95"];
  const { code, stdout, stderr } = await runToEnd(command, pixels);
  assert.equal(code, 0, `${format}: ${stderr}`);
  return stdout;
}

/** The largest difference of any pixel from what it should be. */
async function error(jpeg: Uint8Array, size: [number, number], colour: Colour): Promise<number> {
  const { data, info } = await sharp(jpeg)
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], size);
  let most = 0;
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const at = (y * info.width + x) * info.channels;
      const wanted = colour(x, y);
      for (const n of [0, 1, 2])
        most = Math.max(most, Math.abs(wanted[n]! - data[at + Math.min(n, info.channels - 1)]!));
    }
  }
  return most;
}

test("each raw format becomes a JPEG of the same picture, at a size that JPEG's blocks do not divide", {
  timeout: TEST_MS,
}, async () => {
  const [width, height] = [35, 21];
  for (const [format, make] of Object.entries(RAW)) {
    const jpeg = await encoded(format, `${width}x${height}`, make(SLOPES, { width, height }));
    const off = await error(jpeg, [width, height], visible(format, SLOPES));
    assert.ok(off <= 12, `${format}: ${off} of 255`);
  }
});

test("pictures of one pixel, one row and one column are encoded", {
  timeout: TEST_MS,
}, async () => {
  for (const format of ["UYVY", "NV12", "YU12", "Y10", "RGB3", "GBRG", "RG10"]) {
    const make = RAW[format]!;
    for (const size of [
      { width: 1, height: 1 },
      { width: 9, height: 1 },
      { width: 1, height: 9 },
    ]) {
      const jpeg = await encoded(
        format,
        `${size.width}x${size.height}`,
        make(() => [90, 90, 90], size),
      );
      const info = await sharp(jpeg).metadata();
      assert.deepEqual([info.width, info.height], [size.width, size.height], format);
    }
  }
});

test("a picture with too few bytes, or of a format that is not encoded, is refused in one sentence", {
  timeout: TEST_MS,
}, async () => {
  const short = await runToEnd([program, "encode-test", "YUYV", "64x48"], new Uint8Array(100));
  assert.deepEqual([short.code, short.stderr], [1, "Stdin has fewer pixels than the picture.\n"]);
  const other = await runToEnd([program, "encode-test", "H264", "64x48"]);
  assert.deepEqual([other.code, other.stderr], [1, "This pixel format is not encoded.\n"]);
});
