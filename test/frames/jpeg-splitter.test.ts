import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { JpegSplitter } from "../../src/frames/jpeg/jpeg-splitter.ts";
import { fc, runs } from "../property.ts";
import { chunked, join, jpegOf, segment, segmentsOf, withFirstSegment } from "./jpegs.ts";

let baseline: Uint8Array;
let progressive: Uint8Array;
let photo: Uint8Array;
before(async () => {
  baseline = Uint8Array.from(await jpegOf(48, 32));
  progressive = Uint8Array.from(await jpegOf(40, 40, { progressive: true }));
  photo = withFirstSegment(baseline, segment(0xe1, join([69, 120, 105, 102, 0, 0], progressive)));
});

function split(stream: Uint8Array, sizes: readonly number[] = []) {
  const splitter = new JpegSplitter();
  const jpegs = chunked(stream, sizes).flatMap((chunk) => splitter.push(chunk));
  return {
    jpegs: jpegs.map((jpeg) => Uint8Array.from(jpeg)),
    broken: splitter.broken,
    skipped: splitter.skippedBytes,
  };
}

describe("JPEGs that follow one another", () => {
  test("come out whole, as soon as the last byte of each is there", () => {
    const splitter = new JpegSplitter();
    assert.equal(splitter.push(baseline.subarray(0, -1)).length, 0);
    assert.equal(splitter.push(baseline.subarray(-1)).length, 1);
    const { jpegs } = split(join(photo, progressive, baseline));
    assert.deepEqual(jpegs, [photo, progressive, baseline]);
  });

  test("may have bytes between them, which are counted", () => {
    const { jpegs, skipped, broken } = split(
      join([1, 2, 0xff, 0xff, 3], baseline, [10], progressive, [0xff, 0xff], photo),
    );
    assert.deepEqual(jpegs, [baseline, progressive, photo]);
    assert.deepEqual([skipped, broken], [8, 0]);
  });

  test("survive one that is cut off: it alone is dropped and counted", () => {
    const { end } = segmentsOf(baseline).at(-1)!;
    const cut = baseline.subarray(0, end + 50);
    const { jpegs, broken } = split(join(progressive, cut, photo, baseline));
    assert.deepEqual(jpegs, [progressive, photo, baseline]);
    assert.equal(broken, 1);
  });

  test("keep their memory when the next ones come", () => {
    const splitter = new JpegSplitter();
    const [first] = splitter.push(join(baseline, progressive.subarray(0, 100)));
    splitter.push(progressive.subarray(100));
    splitter.push(photo);
    assert.deepEqual(Uint8Array.from(first!), baseline);
  });
});

const Sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 });

test("any chunking gives the same JPEGs and counts", () => {
  const kinds = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(kinds, Sizes, (kindsOfFrames, sizes) => {
      const frames = [baseline, progressive, photo, Uint8Array.of(7, 0xff, 8)];
      const stream = join(...kindsOfFrames.map((kind) => frames[kind]!));
      const expected = kindsOfFrames.filter((kind) => kind < 3).map((kind) => frames[kind]);
      assert.deepEqual(split(stream, sizes).jpegs, expected);
      assert.deepEqual(split(stream, sizes), split(stream));
    }),
    { numRuns: runs(200) },
  );
});

test("no mutation crashes it; what it gives begins with SOI and ends with EOI", () => {
  const changes = fc.array(fc.tuple(fc.nat(1e6), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(changes, Sizes, (mutations, sizes) => {
      const stream = join(baseline, photo, progressive, baseline);
      for (const [at, value] of mutations) stream[at % stream.length] = value;
      const { jpegs, broken, skipped } = split(stream, sizes);
      assert.deepEqual({ jpegs, broken, skipped }, split(stream));
      for (const jpeg of jpegs) {
        assert.deepEqual([...jpeg.subarray(0, 2), ...jpeg.subarray(-2)], [255, 216, 255, 217]);
      }
    }),
    { numRuns: runs(300) },
  );
});

test("what it gives from a sound stream passes the marker walk", () => {
  for (const jpeg of split(join(photo, progressive, baseline), [777]).jpegs) {
    assert.equal(inspectJpeg(jpeg).length, jpeg.length);
  }
});

test("a stream without any whole JPEG is given up", () => {
  const endings = [Uint8Array.of(0), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff)];
  const { end } = segmentsOf(baseline).at(-1)!;
  for (const start of [...endings, baseline.subarray(0, end)]) {
    const splitter = new JpegSplitter({ maxBytes: 100_000 });
    splitter.push(start);
    const feed = () => {
      for (let n = 0; n < 200; n++) splitter.push(new Uint8Array(1000));
    };
    assert.throws(
      feed,
      (error) => error instanceof ThingError && /without one whole JPEG/.test(error.message),
    );
  }
});

test("hostile starts, in chunks of one byte or one chunk, take time in proportion", () => {
  const pattern = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xd8, 0xff, 0xd9, 0xff];
  // CPU time: what else runs on the machine does not count.
  const costOf = (length: number) => {
    const hostile = Uint8Array.from({ length }, (_, at) => pattern[at % pattern.length]!);
    const before = process.cpuUsage();
    split(hostile, [1]);
    split(hostile);
    return process.cpuUsage(before).user;
  };
  costOf(100_000); // compiled by now
  const least = (length: number) => Math.min(...[1, 2, 3].map(() => costOf(length)));
  const [quarter, whole] = [least(60_000), least(240_000)];
  assert.ok(whole < 10 * quarter, `${quarter} us for a quarter, ${whole} us for the whole`);
});
