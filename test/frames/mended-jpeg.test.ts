import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { mendedJpeg } from "../../src/frames/jpeg/mended-jpeg.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { fc, runs } from "../property.ts";
import { join, jpegOf, segmentsOf } from "./jpegs.ts";

const START = [0xff, 0xd8];
const real = await Promise.all([
  jpegOf(64, 48),
  jpegOf(17, 13, { chromaSubsampling: "4:4:4" }),
  jpegOf(40, 33, { chromaSubsampling: "4:2:0", optimiseCoding: true, quality: 95 }),
]);

test("a picture without its end marker is put right if all of its data are there, and one that was cut off stays refused", () => {
  for (const jpeg of real) {
    const whole = Buffer.from(jpeg);
    for (const end of [[], [0xff], [0, 0, 0], [13, 10], [0xff, 0xff]])
      assert.deepEqual(Buffer.from(mendedJpeg(join(jpeg.subarray(0, -2), end)) ?? []), whole);
    for (let cut = jpeg.length - 3; cut > 2; cut -= 1 + (cut >> 6))
      assert.equal(mendedJpeg(jpeg.subarray(0, cut)), undefined, `${cut} of ${jpeg.length} bytes`);
  }
});

test("a picture with more than one start marker is put right", () => {
  for (const jpeg of real) {
    const doubled = join(START, jpeg);
    assert.throws(() => inspectJpeg(doubled), { code: "BAD_FRAME" });
    assert.deepEqual(Buffer.from(mendedJpeg(doubled) ?? []), Buffer.from(jpeg));
    const worse = join(START, START, jpeg.subarray(0, -2));
    assert.deepEqual(Buffer.from(mendedJpeg(worse) ?? []), Buffer.from(jpeg));
  }
});

test("a picture with bytes between its start and its first marker is put right, not one with many", () => {
  const [jpeg] = real;
  const after = (bytes: number) => join(START, new Uint8Array(bytes), jpeg!.subarray(2));
  assert.deepEqual(Buffer.from(mendedJpeg(after(4)) ?? []), Buffer.from(jpeg!));
  assert.equal(mendedJpeg(after(1000)), undefined);
});

test("a picture without its end marker that is the last of its stream is given at the end; one that was cut off is not", () => {
  const given = (bytes: Uint8Array) => {
    const parts: Uint8Array[] = [];
    const parser = new MultipartParser({ onPart: ({ body }) => parts.push(body) });
    parser.read(bytes);
    parser.end();
    return parts.length;
  };
  assert.equal(given(real[0]!.subarray(0, -2)), 1);
  assert.equal(given(real[0]!.subarray(0, -3)), 0);
});

test("a picture without Huffman tables, as USB cameras send it, is put right with the standard ones", () => {
  const [jpeg] = real;
  const tables = segmentsOf(jpeg!).filter(({ code }) => code === 0xc4);
  const bare = Uint8Array.from(
    jpeg!.filter((_, n) => !tables.some(({ at, end }) => n >= at && n < end)),
  );
  assert.ok(!inspectJpeg(bare).hasHuffmanTables);
  assert.equal(mendedJpeg(bare.subarray(0, -2))?.length, bare.length);
});

test("whatever a picture holds, to put it right ends, and what comes of it begins and ends as a JPEG", () => {
  const change = fc.tuple(fc.nat(real[0]!.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(40), (changes, cut) => {
      const jpeg = new Uint8Array(real[0]!.subarray(0, real[0]!.length - cut));
      for (const [at, byte] of changes) if (at < jpeg.length) jpeg[at] = byte;
      const mended = mendedJpeg(jpeg);
      if (mended) assert.deepEqual([...mended.subarray(0, 2)], START);
    }),
    { numRuns: runs(200) },
  );
});

/** What a stream takes of six parts, received in pieces of this size. */
function taken(change: (jpeg: Uint8Array) => Uint8Array, hasLength: boolean, size: number) {
  const stream = new MJPEGStream();
  const onPart = ({ body }: { body: Uint8Array }) => stream.offerFrame(body);
  const parser = new MultipartParser({ boundary: "f", onPart });
  const parts = Array.from({ length: 6 }, () => {
    const jpeg = change(real[0]!);
    const length = hasLength ? `Content-Length: ${jpeg.length}\r\n` : "";
    return join(Buffer.from(`--f\r\n${length}\r\n`), jpeg, Buffer.from("\r\n"));
  });
  const bytes = join(...parts);
  for (let at = 0; at < bytes.length; at += size) parser.read(bytes.subarray(at, at + size));
  const { added, mended, refused } = stream.stats;
  stream.stop();
  return { added, mended, corrupt: refused.corrupt };
}

test("a stream whose every picture lacks its end, or begins twice, is shown", () => {
  for (const size of [7, 1000, 1_000_000]) {
    const endless = (jpeg: Uint8Array) => jpeg.subarray(0, -2);
    const doubled = (jpeg: Uint8Array) => join(START, jpeg);
    assert.deepEqual(taken(doubled, false, size), { added: 6, mended: 0, corrupt: 0 });
    const { added, corrupt } = taken(doubled, true, size);
    assert.equal(added + corrupt, 6);
    assert.ok(added > 0);
    const last = taken(endless, false, size); // the end of the last one is not known
    assert.equal(last.added + last.corrupt, 5);
    assert.ok(last.added > 0);
    assert.ok(taken(endless, true, size).added > 0);
  }
});
