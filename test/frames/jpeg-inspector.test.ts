import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { JpegInspector } from "../../src/frames/jpeg/jpeg-inspector.ts";
import { jpegCorpus } from "./jpeg-corpus.ts";
import { jpegOf } from "./jpegs.ts";

type Verdict = { info: unknown } | { refused: string };

function verdictOf(inspect: () => unknown): Verdict {
  try {
    return { info: inspect() };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

/** What a camera, a damaged line or an unlucky moment may make of a JPEG whose headers are known. */
function* relativesOf(jpeg: Uint8Array): Generator<Uint8Array> {
  const comment = Uint8Array.of(0xff, 0xfe, 0, 6, 1, 2, 3, 4);
  const { scanAt, length } = inspectJpeg(jpeg);
  yield jpeg;
  yield Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
  yield Buffer.concat([jpeg, Buffer.from("bytes after the end")]);
  yield jpeg.subarray(0, length - 2);
  yield jpeg.subarray(0, scanAt + 3);
  yield Buffer.concat([jpeg.subarray(0, length - 1), Buffer.of(0xff, 0xd9)]);
  yield Buffer.concat([jpeg.subarray(0, scanAt + 14), Buffer.of(0xff, 0xd9)]);
  yield Buffer.concat([jpeg.subarray(0, length - 2), jpeg.subarray(scanAt)]);
  for (let at = 2; at < Math.min(scanAt + 14, jpeg.length); at += 1 + (at >> 4)) {
    const changed = Uint8Array.from(jpeg);
    changed[at]! ^= 0x11;
    yield changed;
  }
}

test("a JPEG is judged the same whatever JPEG was inspected before it", async () => {
  const corpus = await jpegCorpus();
  const inspector = new JpegInspector();
  let accepted = 0;
  for (const { name, jpeg } of corpus) {
    const alone = verdictOf(() => inspectJpeg(jpeg));
    assert.deepEqual(
      verdictOf(() => inspector.inspect(jpeg)),
      alone,
      name,
    );
    if ("refused" in alone) continue;
    accepted += 1;
    for (const relative of relativesOf(jpeg)) {
      const expected = verdictOf(() => inspectJpeg(relative));
      const again = () => verdictOf(() => inspector.inspect(relative));
      assert.deepEqual([again(), again()], [expected, expected], name);
    }
  }
  assert.ok(accepted > 150);
});

test("what is no picture at all is refused in the same words after a picture was taken", async () => {
  const jpeg = await jpegOf(32, 16);
  const inspector = new JpegInspector();
  inspector.inspect(jpeg);
  for (const odd of [undefined, "text", {}, new Uint8Array(0), Uint8Array.of(0xff, 0xd8, 0xff)]) {
    const given = odd as Uint8Array;
    const expected = verdictOf(() => inspectJpeg(given));
    assert.deepEqual(
      verdictOf(() => inspector.inspect(given)),
      expected,
    );
  }
});

test("a camera that writes each picture into the same Buffer is judged by what is in it now", async () => {
  const memory = Buffer.from(await jpegOf(32, 16));
  const inspector = new JpegInspector();
  assert.equal(inspector.inspect(memory).height, 16);
  const frameHeaderAt = memory.indexOf(Buffer.of(0xff, 0xc0));
  memory.writeUInt16BE(24, frameHeaderAt + 5);
  assert.equal(inspector.inspect(memory).height, 24);
  memory[frameHeaderAt + 1] = 0xc9; // arithmetic coding, which no browser shows
  assert.throws(() => inspector.inspect(memory), { code: "BAD_FRAME" });
});
