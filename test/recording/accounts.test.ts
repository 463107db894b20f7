import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { now } from "../../src/base/clock.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import type { RecordingOptions } from "../../src/recording/write/recording-options.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { type Account, accountOf, type Captured, missingFrom } from "./accounts.ts";
import { newPath } from "./recordings.ts";

/** Frames that came no further apart than this came one after the other, ms. */
const AT_ONCE_MS = 5;

/**
 * The account of frames stamped at these times, ms, and so large, that come 0.3 ms after each other; and what the writer was given.
 * Where others had the processor between two of them, they come again to another file.
 */
async function recorded(
  stamps: readonly (readonly [at: number, bytes?: number])[],
  options: Partial<RecordingOptions> = {},
): Promise<{ account: Account; captured: Captured[] }> {
  const path = await newPath();
  const writer = new RecordingWriter({ path, ...options });
  const start = now() - 3000;
  let cameAt = now();
  let apartMs = 0;
  const captured = stamps.map(([at, bytes], index): Captured => {
    const identity = { run: "k3x9q2", index, capturedAt: start + at };
    const { frame } = storeFrame(picture(index, bytes), identity);
    writer.add(frame);
    apartMs = Math.max(apartMs, now() - cameAt);
    cameAt = now();
    for (const end = now() + 0.3; now() < end; );
    return { ...identity, crc: crc32(frame.jpeg) };
  });
  await writer.opened;
  await writer.close();
  if (apartMs > AT_ONCE_MS) return recorded(stamps, options);
  return { account: await accountOf(path), captured };
}

test("of two frames stamped at one instant the second is as much later in the file as it came later, and no account takes another time", {
  timeout: TEST_MS,
}, async () => {
  const { account, captured } = await recorded([[0], [33], [33], [66]]);
  assert.equal(captured[2]!.capturedAt, captured[1]!.capturedAt);
  const apart = account.kept[2]!.capturedAt - account.kept[1]!.capturedAt;
  assert.ok(apart >= 0.299, `${apart} ms`);
  assert.deepEqual(missingFrom([account], captured), []);
  for (const [n, byMs] of [
    [1, 0.3], // stamped later than the one before
    [2, 0.08 - apart], // behind it by less than 0.1 ms
    [2, -0.2 - apart], // before it
    [2, 100], // a step
    [3, 0.3],
  ] as const) {
    const kept = account.kept.map((one, at) =>
      at === n ? { ...one, capturedAt: one.capturedAt + byMs } : one,
    );
    assert.throws(() => missingFrom([{ ...account, kept }], captured), /a time is wrong by/);
  }
});

test("a frame is moved on behind one that was lost on its way to the file, too, also where that is the file's first", {
  timeout: TEST_MS,
}, async () => {
  const stamps = [
    [0, 40_000],
    [0, 1000],
    [1000, 1000],
    [1000, 40_000],
    [1000.2, 1000],
    [2000, 1000],
  ] as const;
  const { account, captured } = await recorded(stamps, { maxQueuedBytes: 30_000 });
  const moved = account.kept.map(({ index, capturedAt }) => {
    return capturedAt - captured[index!]!.capturedAt > 0.09;
  });
  assert.deepEqual([moved[0], moved[2]], [true, true]);
  assert.deepEqual(missingFrom([account], captured), []);
  const hour = 3_600_000;
  const kept = account.kept.map((one) => ({ ...one, capturedAt: one.capturedAt + hour }));
  assert.deepEqual(missingFrom([{ ...account, kept }], captured, [hour]), []);
});

test("a file of a clock that was set there and back may have the difference that reading two clocks leaves, and no other", {
  timeout: TEST_MS,
}, async () => {
  const { account, captured } = await recorded([[0], [33], [66]]);
  const movedBy = (byMs: number) => [
    {
      ...account,
      kept: account.kept.map((one) => ({ ...one, capturedAt: one.capturedAt + byMs })),
    },
  ];
  const hour = 3_600_000;
  for (const [byMs, steps] of [
    [0.27, [hour, -hour]],
    [-0.27, [hour, -hour]],
    [hour + 0.27, [hour, -hour]],
    [-hour - 0.27, [hour, -hour]],
  ] as const) {
    assert.deepEqual(missingFrom(movedBy(byMs), captured, steps), [], `${byMs}`);
  }
  for (const [byMs, steps] of [
    [0.27, []],
    [0.27, [hour]],
    [25, [hour, -hour]],
    [hour + 600, [hour, -hour]],
  ] as const) {
    const judged = () => missingFrom(movedBy(byMs), captured, steps);
    assert.throws(judged, /a time is wrong by/, `${byMs}`);
  }
});
