import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import { GdpParser } from "../../src/frames/wire/gdp.ts";
import { fc } from "../property.ts";
import { chunked, join } from "./jpegs.ts";

const NONE = 0xffff_ffff_ffff_ffffn;

/** One packet as gdppay writes it (checksums left out: they are flagged as absent). */
function packet(type: number, payload: Uint8Array, ptsNs = NONE): Uint8Array {
  const header = new Uint8Array(62);
  const view = new DataView(header.buffer);
  header[0] = 1;
  view.setUint16(4, type);
  view.setUint32(6, payload.length);
  view.setBigUint64(10, ptsNs);
  for (const at of [18, 26, 34]) view.setBigUint64(at, NONE);
  return join(header, payload);
}

const caps = packet(2, Uint8Array.from(Buffer.from("image/jpeg\0")));
const segmentEvent = packet(64 + 70, Uint8Array.of(1, 2, 3));
const endOfStream = packet(64 + 110, new Uint8Array(0));

test("buffers come with their presentation time; caps and events are passed over", () => {
  const stream = join(
    segmentEvent,
    caps,
    packet(1, Uint8Array.of(1, 2), 40_000_000n),
    packet(1, Uint8Array.of(3)),
    packet(1, new Uint8Array(0), 1n),
    endOfStream,
  );
  assert.deepEqual(new GdpParser().push(stream), [
    { payload: Uint8Array.of(1, 2), ptsNs: 40_000_000n },
    { payload: Uint8Array.of(3) },
    { payload: new Uint8Array(0), ptsNs: 1n },
  ]);
});

test("a buffer tells how long it lasts, its number if it counts frames, and whether something is missing before it", () => {
  const about = (duration: bigint, offset: bigint, end: bigint, flags: number) => {
    const bytes = packet(1, Uint8Array.of(7), 0n);
    const view = new DataView(bytes.buffer);
    for (const [n, value] of [duration, offset, end].entries())
      view.setBigUint64(18 + 8 * n, value);
    view.setUint16(42, flags);
    const { payload: _, ...rest } = new GdpParser().push(bytes)[0]!;
    return rest;
  };
  assert.deepEqual(about(5n, 12n, 13n, 0x40), {
    ...{ ptsNs: 0n, durationNs: 5n, sequence: 12n, isDiscontinuous: true },
  });
  assert.deepEqual(about(NONE, 9423n, 18_848n, 0x2000), { ptsNs: 0n }, "jpegparse counts bytes");
});

test("any chunking gives the same buffers", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(payloads, sizes, (made, cuts) => {
      const stream = join(...made.flatMap((payload, n) => [caps, packet(1, payload, BigInt(n))]));
      const parser = new GdpParser();
      const got = chunked(stream, cuts).flatMap((chunk) => parser.push(chunk));
      assert.deepEqual(
        got,
        made.map((payload, n) => ({ payload, ptsNs: BigInt(n) })),
      );
    }),
  );
});

test("other bytes and oversized buffers are refused with a sentence", () => {
  const refuses = (bytes: Uint8Array, sentence: RegExp) =>
    assert.throws(
      () => new GdpParser({ maxPayloadBytes: 100 }).push(bytes),
      (error) => error instanceof ThingError && sentence.test(error.message),
    );
  const text = Buffer.from(
    "Setting pipeline to PAUSED ...\nPipeline is live and does not need PREROLL",
  );
  refuses(text, /not the GStreamer Data Protocol 1\.0 \(its version reads 83\.101\)/);
  refuses(packet(1, new Uint8Array(101)), /has 101 bytes; at most 100/);
});
