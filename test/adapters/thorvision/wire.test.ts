import assert from "node:assert/strict";
import { test } from "node:test";
import { readMetadata, withMetadata } from "thingscope/thorvision";
import { capabilityText, readCapability } from "../../../src/adapters/thorvision/capability.ts";
import { FrameGate } from "../../../src/adapters/thorvision/frame-gate.ts";
import { Offer } from "../../../src/adapters/thorvision/offer.ts";
import { reportingGaps, SampleGaps } from "../../../src/adapters/thorvision/sample-gaps.ts";
import { decodeRgb } from "../../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../../src/frames/jpeg/jpeg.ts";
import { jpegOf } from "../../frames/jpegs.ts";

const METADATA = {
  videoTime: 0x0102030405060708n,
  deviceTime: 0x1112131415161718n,
  sampleIndex: 0x21222324,
  ttlIn: 0x31323334,
  ttlOut: 0x41424344,
};
/** As pythorvision's numpy record of 40 bytes has it: <u8 <u8 <u4 <u4 <u4 <u4 <u8, in a segment of 42. */
const GOLDEN =
  "ffd8fffe002a" +
  "0807060504030201" +
  "1817161514131211" +
  "24232221" +
  "34333231" +
  "44434241" +
  "00000000" +
  "0000000000000000";

test("a frame's metadata are 40 bytes right after its start of image, and the picture is the same", async () => {
  const jpeg = await jpegOf(64, 48);
  const marked = withMetadata(jpeg, METADATA);
  assert.equal(Buffer.from(marked.subarray(0, 46)).toString("hex"), GOLDEN);
  assert.deepEqual(marked.subarray(46), Uint8Array.from(jpeg.subarray(2)));
  assert.deepEqual(readMetadata(marked), METADATA);
  assert.equal(inspectJpeg(marked).length, jpeg.length + 44);
  assert.deepEqual((await decodeRgb(marked)).data, (await decodeRgb(jpeg)).data);
});

test("a JPEG without the segment has no metadata, nor has one that is cut off", async () => {
  const jpeg = await jpegOf(64, 48);
  assert.equal(readMetadata(jpeg), undefined);
  assert.equal(readMetadata(withMetadata(jpeg, METADATA).subarray(0, 45)), undefined);
  assert.equal(readMetadata(new Uint8Array()), undefined);
});

test("a counter beyond 32 bits goes on from 0", async () => {
  const jpeg = await jpegOf(64, 48);
  const marked = withMetadata(jpeg, { ...METADATA, sampleIndex: 2 ** 32 + 7 });
  assert.equal(readMetadata(marked)?.sampleIndex, 7);
});

test("a capability's text is what pythorvision sends, in any order of its fields", () => {
  const text = "image/jpeg,width=1280,height=720,framerate=30/1";
  const capability = readCapability(text)!;
  assert.equal(capabilityText(capability), text);
  assert.equal(capabilityText({ ...capability, format: null }), text);
  assert.equal(
    capabilityText({ ...capability, format: "NV12" }),
    "image/jpeg,format=NV12,width=1280,height=720,framerate=30/1",
  );
  const turned = "image/jpeg, framerate=(fraction)30/1, height=(int)720, width=(int)1280";
  assert.equal(capabilityText(readCapability(turned)!), text);
  for (const bad of ["", "image/jpeg", text.replace("30/1", "thirty"), text.replace("1280", "x")]) {
    assert.equal(readCapability(bad), undefined, bad);
  }
});

test("a camera offers its own size and rate first, and accepts what it has offered until its size is another", () => {
  const offer = new Offer();
  const texts = offer.capabilities({ width: 1280, height: 720, fps: 29.2 }).map(capabilityText);
  assert.equal(texts[0], "image/jpeg,width=1280,height=720,framerate=30/1");
  assert.equal(texts.length, 12);
  const wanted = (text: string) => offer.find(readCapability(text)!);
  assert.deepEqual(wanted(texts[0]!), {});
  assert.deepEqual(wanted("image/jpeg,width=640,height=360,framerate=5/1"), { width: 640, fps: 5 });
  assert.equal(wanted("image/jpeg,width=800,height=600,framerate=30/1"), undefined);
  const slower = offer.capabilities({ width: 1280, height: 720, fps: 27 }).map(capabilityText);
  assert.deepEqual(slower, texts, "a rate that is measured a little lower changes nothing");
  offer.capabilities({ width: 640, height: 480, fps: 30 });
  assert.equal(wanted(texts[0]!), undefined);
});

test("a camera of an odd size, or of few frames, offers no fractions of them", () => {
  const [only, ...more] = new Offer().capabilities({ width: 333, height: 251, fps: 0.4 });
  assert.deepEqual(more, []);
  assert.equal(capabilityText(only!), "image/jpeg,width=333,height=251,framerate=1/1");
});

test("two frames wait for the child at most; the next are dropped whole and counted", () => {
  const gate = new FrameGate(20);
  assert.deepEqual(
    [0, 1, 2, 3].map((n) => gate.admits(1000, n)),
    [true, true, false, false],
  );
  assert.equal(gate.stalledFor(500), 500);
  gate.taken(500);
  assert.equal(gate.admits(1000, 501), true);
  assert.deepEqual(gate.dropped, { behind: 2, too_fast: 0, not_running: 0 });
});

test("no more bytes a second are let through than were allowed, in whole frames", () => {
  const gate = new FrameGate(20);
  let bytes = 0;
  for (let ms = 0; ms < 10_000; ms += 10) {
    if (!gate.admits(1_500_000, ms)) continue;
    bytes += 1_500_000;
    gate.taken(ms);
  }
  assert.ok(bytes > 195e6 && bytes < 205e6, `${bytes} bytes in 10 s`);
  assert.equal(gate.dropped.too_fast, 1000 - bytes / 1_500_000);
});

test("a receiver tells how many frames are missing out of their sample indexes, whatever is counted", () => {
  const lossesIn = (indexes: readonly number[]) => {
    const gaps = new SampleGaps();
    return indexes.map((index) => gaps.before(index)?.[0]?.count ?? 0);
  };
  assert.deepEqual(lossesIn([7, 8, 9, 10, 11, 15, 16]), [0, 0, 0, 0, 0, 3, 0]);
  const device = [0, 1001, 2000, 3001, 4000, 7000, 8001]; // 30 kHz, 30 frames a second, two missing
  assert.deepEqual(lossesIn(device), [0, 0, 0, 0, 0, 2, 0]);
  assert.deepEqual(lossesIn([90, 91, 92, 93, 0, 5, 6]), [0, 0, 0, 0, 0, 0, 0], "a run begins anew");
});

test("what a pipeline guesses to be missing is told only of frames whose sample index does not tell", async () => {
  const jpeg = await jpegOf(64, 48);
  const told: string[] = [];
  const sink = reportingGaps({
    hasRoom: true,
    isSilent: false,
    room: () => undefined,
    lost: ({ count, why }) => told.push(`${count}: ${why}`),
    take: () => true,
  });
  const guess = { what: "lost", count: 46, why: "the pipeline's times have a gap" } as const;
  const take = (sampleIndex: number) =>
    sink.take({ jpeg: withMetadata(jpeg, { ...METADATA, sampleIndex }) });
  for (const index of [40, 41, 42, 43]) take(index);
  sink.lost(guess);
  take(45); // one was lost on the way while the sender stood still
  assert.deepEqual(told.splice(0), ["1: the frames' sample index skips"]);
  sink.lost(guess);
  take(46);
  assert.deepEqual(told, [], "it only came late");
  sink.lost(guess);
  take(3); // the server was started again
  sink.lost(guess);
  take(50); // nobody knows yet how far one is from the next
  sink.lost(guess);
  sink.take({ jpeg });
  assert.deepEqual(told, Array(3).fill("46: the pipeline's times have a gap"));
});
