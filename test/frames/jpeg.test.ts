import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import sharp from "sharp";
import { ThingError } from "../../src/base/errors.ts";
import { inspectJpeg, STANDARD_HUFFMAN_TABLES } from "../../src/frames/jpeg/jpeg.ts";
import { fc, runs } from "../property.ts";
import { join, jpegOf, segment, segmentsOf, withFirstSegment, without } from "./jpegs.ts";

const SOF = 0xc0;
const DHT = 0xc4;
const SOS = 0xda;
const DQT = 0xdb;

let jpeg: Uint8Array;
before(async () => {
  jpeg = await jpegOf(64, 48);
});

function refuses(bytes: Uint8Array, sentence: RegExp, limits = {}): void {
  assert.throws(
    () => inspectJpeg(bytes, limits),
    (error) =>
      error instanceof ThingError && error.code === "BAD_FRAME" && sentence.test(error.message),
  );
}

/** The JPEG with one byte changed, counted from the start of the first segment `code` (its 0xff). */
function changed(code: number, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(jpeg);
  copy[segmentsOf(jpeg).find((one) => one.code === code)!.at + offset] = value;
  return copy;
}

describe("a whole JPEG is accepted", () => {
  test("its size, length and first scan are read from the markers", () => {
    const scanAt = segmentsOf(jpeg).at(-1)!.at;
    assert.deepEqual(inspectJpeg(jpeg), {
      width: 64,
      height: 48,
      length: jpeg.length,
      scanAt,
      orientation: 1,
      components: 3,
      isCommon: true,
      hasRestarts: false,
      scans: 1,
      hasHuffmanTables: true,
    });
  });

  test("bytes after the end marker are not counted", () => {
    assert.equal(inspectJpeg(join(jpeg, [0, 0, 0xff, 0xd8, 7])).length, jpeg.length);
  });

  test("grey, 4:4:4, optimised and progressive JPEGs pass", async () => {
    const grey = await sharp(jpeg).greyscale().jpeg().toBuffer();
    assert.equal(inspectJpeg(grey).width, 64);
    for (const options of [
      { chromaSubsampling: "4:4:4" },
      { optimiseCoding: true },
      { progressive: true },
      { mozjpeg: true },
    ]) {
      const other = await jpegOf(40, 30, options);
      assert.equal(inspectJpeg(other).length, other.length, JSON.stringify(options));
    }
  });

  test("a JPEG inside an EXIF segment does not end the outer one", () => {
    const exif = segment(0xe1, join([69, 120, 105, 102, 0, 0], jpeg));
    const photo = withFirstSegment(jpeg, exif);
    assert.equal(inspectJpeg(photo).length, photo.length);
  });

  test("restart markers, fill bytes and padding before the end are part of the picture", () => {
    const { end } = segmentsOf(jpeg).at(-1)!;
    const data = jpeg.subarray(end, -2);
    const head = jpeg.subarray(0, end);
    const pieces = [
      [0xff, 0xd0, 1, 2, 0xff, 0xd1],
      [0xff, 0xff, 0xff, 0xd7],
      [0x10, 0x20, 0x30],
    ];
    for (const piece of pieces) {
      const whole = join(head, data, piece, [1, 0xff, 0xd9]);
      assert.equal(inspectJpeg(whole).length, whole.length);
    }
    const comment = withFirstSegment(jpeg, segment(0xfe, [102, 114, 97, 109, 101]));
    const filled = join(comment.subarray(0, 2), [0xff, 0xff], comment.subarray(2));
    assert.equal(inspectJpeg(filled).length, filled.length);
  });

  test("a motion JPEG without Huffman tables says so, and the standard tables mend it", async () => {
    const bare = without(jpeg, DHT);
    const info = inspectJpeg(bare);
    assert.equal(info.hasHuffmanTables, false);
    const mended = join(
      bare.subarray(0, info.scanAt),
      STANDARD_HUFFMAN_TABLES,
      bare.subarray(info.scanAt),
    );
    assert.equal(inspectJpeg(mended).hasHuffmanTables, true);
    const pixels = await sharp(mended).raw().toBuffer();
    assert.deepEqual(pixels, await sharp(jpeg).raw().toBuffer());
  });
});

describe("what is not one whole JPEG is refused with a sentence", () => {
  test("other content", () => {
    refuses(new Uint8Array(0), /it is empty/);
    refuses(Uint8Array.of(0xff), /begins with FF instead of FF D8/);
    refuses(Buffer.from("<html>Not found</html>"), /begins with 3C 68 74 6D instead of FF D8/);
    refuses(join([0xff, 0xd8], new Uint8Array(5000)), /byte 2 is 00, but a marker/);
    refuses(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), /ends at byte 3 without a scan/);
  });

  test("a zeroed body behind a whole header", () => {
    const { end } = segmentsOf(jpeg).at(-1)!;
    refuses(join(jpeg.subarray(0, end), new Uint8Array(4000)), /end marker \(EOI\) is missing/);
    const { at } = segmentsOf(jpeg)[1]!;
    const zeroed = join(jpeg.subarray(0, at), new Uint8Array(4000), [0xff, 0xd9]);
    refuses(zeroed, /ends at byte \d+ without a scan/);
  });

  test("a JPEG cut off anywhere, or run into the next", () => {
    for (let length = 0; length < jpeg.length; length++) {
      refuses(jpeg.subarray(0, length), /truncated|missing|empty|claims|begins with/);
    }
    refuses(join(jpeg.subarray(0, -2), jpeg), /marker FFD8 at byte \d+ is not allowed/);
    const { end } = segmentsOf(jpeg).at(-1)!;
    refuses(join(jpeg.subarray(0, end), [0xff, 0xd9]), /the scan at byte \d+ is empty/);
  });

  test("broken Huffman tables", () => {
    refuses(changed(DHT, 4, 0x20), /class 2 and id 0/);
    refuses(changed(DHT, 4, 0x04), /class 0 and id 4/);
    refuses(changed(DHT, 5, 2), /Huffman tables at byte \d+ are truncated/);
    const crowded = changed(DHT, 5, 3); // and three codes of 3 bits fewer
    crowded[segmentsOf(jpeg).find(({ code }) => code === DHT)!.at + 7]! -= 3;
    refuses(crowded, /more codes of 1 bits than exist/);
    refuses(changed(DHT, 20, 200), /Huffman table/);
    refuses(changed(DHT, 21, 16), /Huffman table at byte \d+ has the symbol 16/);
    const short = withFirstSegment(jpeg, segment(DHT, [0, 0, 1]));
    refuses(short, /truncated/);
  });

  test("broken quantisation tables", () => {
    refuses(changed(DQT, 4, 0x20), /precision 2 and id 0/);
    refuses(changed(DQT, 4, 0x04), /precision 0 and id 4/);
    refuses(changed(DQT, 4, 0x10), /quantisation tables at byte \d+ are truncated/);
    refuses(without(jpeg, DQT), /quantisation table 0 is used but never defined/);
  });

  test("impossible sizes, before anything is decoded", () => {
    refuses(changed(SOF, 4, 12), /12 bits per sample/);
    const sized = (width: number, height: number) => withSize(jpeg, width, height);
    refuses(sized(0, 48), /says 0 x 48 pixels/);
    refuses(sized(64, 0), /says 64 x 0 pixels/);
    refuses(sized(65501, 1), /each side must be 1 to 65500/);
    refuses(sized(65500, 65500), /says 65500 x 65500 pixels; a total of at most 268435456/);
    refuses(jpeg, /a total of at most 3000/, { maxPixels: 3000 });
    refuses(jpeg, /at most 1000 are allowed/, { maxBytes: 1000 });
    refuses(new Uint8Array(64 * 1024 * 1024 + 1), /at most 67108864 are allowed/);
    assert.equal(inspectJpeg(sized(1, 1)).width, 1);
  });

  test("frame headers that no browser decodes", () => {
    refuses(changed(SOF, 1, 0xc3), /neither baseline nor progressive/);
    refuses(changed(SOF, 1, 0xc9), /neither baseline nor progressive/);
    refuses(changed(SOF, 9, 2), /has 2 colour components/);
    refuses(changed(SOF, 9, 0), /has 0 colour components/);
    refuses(changed(SOF, 11, 0x52), /sampling 5 x 2/);
    refuses(changed(SOF, 11, 0), /sampling 0 x 0/);
    refuses(changed(SOF, 11, 0x44), /interleaves 18 blocks/);
    refuses(changed(SOF, 14, 0x31), /sampled 2 x 2, which does not divide 3 x 2/);
    refuses(changed(SOF, 14, 0x13), /sampled 2 x 2, which does not divide 2 x 3/);
    refuses(changed(SOF, 12, 4), /quantisation table 4/);
    const { at, end } = segmentsOf(jpeg).find(({ code }) => code === SOF)!;
    refuses(withFirstSegment(jpeg, jpeg.slice(at, end)), /a second frame header/);
  });

  test("scans that refer to what was never defined", () => {
    refuses(without(jpeg, SOF), /before any frame header/);
    refuses(changed(SOS, 5, 9), /names colour component 9/);
    refuses(changed(SOS, 7, 1), /names colour component 1, which is unknown or named twice/);
    refuses(changed(SOS, 4, 4), /has 4 components/);
    refuses(changed(SOS, 6, 0x20), /DC Huffman table 2 is used but never defined/);
    refuses(changed(SOS, 6, 0x03), /AC Huffman table 3 is used but never defined/);
  });

  test("a broken pass of a progressive JPEG", async () => {
    const progressive = await jpegOf(40, 30, { progressive: true });
    const { end } = segmentsOf(progressive).at(-1)!;
    progressive[end - 2] = 5;
    refuses(progressive, /asks for coefficients 0 to 5/);
    refuses(without(await jpegOf(40, 30, { progressive: true }), DHT), /never defined/);
  });
});

test("no mutation makes the walk throw anything but BAD_FRAME, or take long", () => {
  const bytes = fc.array(fc.tuple(fc.nat(jpeg.length - 1), fc.nat(255)), { maxLength: 12 });
  const cut = fc.nat(jpeg.length);
  const walk = fc.property(bytes, cut, (changes, length) => {
    const mutant = Uint8Array.from(jpeg);
    for (const [at, value] of changes) mutant[at] = value;
    try {
      const info = inspectJpeg(mutant.subarray(0, jpeg.length - (length % 7)));
      assert.ok(info.length <= mutant.length && info.scanAt < info.length);
    } catch (error) {
      assert.ok(error instanceof ThingError && error.code === "BAD_FRAME", String(error));
    }
  });
  fc.assert(walk, {
    numRuns: runs(2000),
    interruptAfterTimeLimit: runs(20_000),
    markInterruptAsFailure: true,
  });
});

test("what passes the walk is decoded by libjpeg without a fatal error", async () => {
  const headerEnd = segmentsOf(jpeg).at(-1)!.end;
  const oneByte = fc.tuple(fc.integer({ min: 2, max: headerEnd - 1 }), fc.nat(255));
  const decode = fc.asyncProperty(oneByte, async ([at, value]) => {
    const mutant = Uint8Array.from(jpeg);
    mutant[at] = value;
    try {
      const { width, height } = inspectJpeg(mutant, { maxPixels: 1_000_000 });
      const { info } = await sharp(mutant, { failOn: "none" })
        .raw()
        .toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [width, height]);
    } catch (error) {
      if (!(error instanceof ThingError)) throw error;
    }
  });
  await fc.assert(decode, { numRuns: runs(150) });
});

function withSize(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const { at } = segmentsOf(bytes).find(({ code }) => code === SOF)!;
  const copy = Uint8Array.from(bytes);
  copy.set([height >> 8, height & 255, width >> 8, width & 255], at + 5);
  return copy;
}
