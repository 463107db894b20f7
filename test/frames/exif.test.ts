import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { withExif } from "../../src/frames/jpeg/exif.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { exifIn } from "./exif-reader.ts";
import { jpegOf, segmentsOf, withOrientation } from "./jpegs.ts";

const capturedAt = Date.UTC(2026, 10, 25, 19, 6, 3, 45);

test("EXIF says how a picture was taken, and the picture itself is not touched", async () => {
  const jpeg = await jpegOf(64, 48);
  const comment = { thing_states: { stage: { position: { x: 1, y: -2, z: 3 } } }, µ: "λ" };
  const still = withExif(jpeg, {
    model: "Simulated camera",
    software: "thingscope 1",
    description: "camera/mjpeg_stream, run k3x9q2, frame 17",
    capturedAt,
    exposure: 0.0205,
    comment,
  });
  const tags = exifIn(still);
  assert.deepEqual(
    [tags.Model, tags.Software, tags.ImageDescription, tags.DateTime],
    [
      "Simulated camera",
      "thingscope 1",
      "camera/mjpeg_stream, run k3x9q2, frame 17",
      "2026:11:25 19:06:03",
    ],
  );
  assert.deepEqual(
    [tags.DateTimeOriginal, tags.SubSecTimeOriginal, tags.OffsetTimeOriginal, tags.ExposureTime],
    ["2026:11:25 19:06:03", "045", "+00:00", 0.0205],
  );
  assert.deepEqual(JSON.parse(String(tags.UserComment)), comment);
  const { width, height, length } = inspectJpeg(still);
  assert.deepEqual([width, height, length], [64, 48, still.length]);
  const pixels = async (one: Uint8Array) => (await sharp(one).raw().toBuffer()).toString("base64");
  assert.equal(await pixels(still), await pixels(jpeg));
});

test("an EXIF block that a picture has is replaced, its other segments are kept", async () => {
  const jpeg = await sharp(await jpegOf(32, 32))
    .withExif({ IFD0: { Model: "old" } })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    .jpeg()
    .toBuffer();
  const still = withExif(jpeg, { model: "new", capturedAt });
  assert.equal(exifIn(still).Model, "new");
  const { xmp, exif } = await sharp(still).metadata();
  assert.ok(xmp && exif);
  assert.equal(segmentsOf(still).filter(({ code }) => code === 0xe1).length, 2);
});

test("a picture that lies on its side keeps the tag that says so", async () => {
  for (const orientation of [3, 6, 7]) {
    const still = withExif(withOrientation(await jpegOf(32, 16), orientation), { capturedAt });
    assert.equal(exifIn(still).Orientation, orientation);
    assert.equal(inspectJpeg(still).orientation, orientation);
  }
  assert.ok(!("Orientation" in exifIn(withExif(await jpegOf(32, 16), { capturedAt }))));
});

test("a block that a JPEG cannot carry is refused", async () => {
  const jpeg = await jpegOf(16, 16);
  const comment = "x".repeat(70_000);
  assert.throws(() => withExif(jpeg, { capturedAt, comment }), {
    name: "RangeError",
    message: /at most/,
  });
});
