import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MJPEGStream, type StoredFile } from "thingscope";
import { startRecording } from "thingscope/recording";
import { silentLog } from "../../src/base/log.ts";
import { ContinuousSlot } from "../../things/recorder/continuous-slot.ts";
import { TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { picture } from "../streams/pictures.ts";

const timeout = TEST_MS;

/** A slot of a recorder whose files are listed once `listing` has resolved; and eight starts at once of a stream that goes on. */
async function eightStarts(
  listing: (path: string, slot: ContinuousSlot, failed: Promise<void>) => Promise<unknown>,
) {
  let announce = () => {};
  const failed = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const log = { ...silentLog, error: () => announce() };
  const stream = new MJPEGStream({ name: "nest" });
  const feeding = setInterval(() => stream.addFrame(picture(0)), 20);
  const listed = async (path: string): Promise<StoredFile> => {
    await listing(path, slot, failed);
    throw new Error("It is not there.");
  };
  const slot = new ContinuousSlot({ onChange: () => {}, listed });
  slot.open("nests");
  const path = await newPath();
  const begin = (signal: AbortSignal) => startRecording({ camera: stream, path, signal, log });
  const starts = Array.from({ length: 8 }, () => slot.start(path, begin));
  const results = await Promise.allSettled(starts);
  clearInterval(feeding);
  const reasons = results.map((one) => (one.status === "rejected" ? one.reason : one.value));
  return { slot, stream, first: reasons[0], others: reasons.slice(1) };
}

for (const [when, isOver] of [
  ["has ended", true],
  ["is about to end", false],
] as const) {
  test(`of eight starts at once whose disk goes away the first is told why, also when its recording ${when}; the slot and the camera are free`, {
    timeout,
  }, async () => {
    const { slot, stream, first, others } = await eightStarts(async (path, slot, failed) => {
      await rm(dirname(path), { recursive: true });
      await failed;
      while (isOver && slot.state === "recording") await sleep(10);
    });
    assert.equal(first.code, "RECORDING_FAILED");
    assert.match(
      first.message,
      /^'film\.mkv' ended as soon as it had begun: its folder was removed\. Fix that, then start again\.$/,
    );
    assert.deepEqual(new Set(others.map(({ code }) => code)), new Set(["LOCK_BUSY"]));
    assert.equal(slot.state, undefined);
    assert.equal(stream.demand.count, 0);
  });
}

test("a start that is stopped before its file is listed says so", { timeout }, async () => {
  const { slot, first } = await eightStarts((_, slot) => slot.stop());
  assert.equal(first.code, "ACTION_CANCELLED", first.message);
  assert.equal(slot.state, undefined);
});

test("a file that cannot be listed though it is recorded leaves nothing that records", {
  timeout,
}, async () => {
  const { slot, stream, first } = await eightStarts(async () => {});
  assert.equal(first.message, "It is not there.");
  assert.equal(slot.state, undefined);
  assert.equal(stream.demand.count, 0);
});
