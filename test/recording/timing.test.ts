import assert from "node:assert/strict";
import { test } from "node:test";
import { LEFT_OUT, type LedgerFrame, type LedgerNote } from "../../src/recording/ledger/ledger.ts";
import { LedgerFrames } from "../../src/recording/ledger/ledger-frames.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { timingOf } from "../../src/recording/ledger/timing.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { frame, frames, newPath, record, START } from "./recordings.ts";

const timeout = TEST_MS;

/** What is told of frames at these times, ms; their indices count up. */
function told(
  times: readonly number[],
  {
    expectedFps,
    notes = [],
    indices,
  }: {
    expectedFps?: number;
    notes?: LedgerNote[];
    indices?: number[];
  } = {},
) {
  const all = times.map(
    (ms, n): LedgerFrame => ({
      ...{ run: "k3x9q2", index: indices?.[n] ?? n, capturedAt: START + ms },
      ...{ offset: n * 100, size: 100, crc: 0 },
    }),
  );
  const head = {
    ledger: 1,
    file: "",
    camera: "",
    reason: "",
    timeZero: START,
    software: "",
  } as const;
  return timingOf({
    head: { ...head, ...(expectedFps !== undefined && { expectedFps }) },
    frames: LedgerFrames.of(all),
    notes: notes.map((note) => ({ note, after: 0 })),
  });
}

const at = (fps: number, count: number) =>
  Array.from({ length: count }, (_, n) => (n * 1000) / fps);
/** 13 of 150 exposures at 30 Hz were never made. */
const HOLES = new Set([7, 20, 33, 34, 35, 60, 75, 90, 91, 110, 120, 130, 140]);
const holed = at(30, 150).filter((_, n) => !HOLES.has(n));

test("exposures that were never made are counted, by the rate that was expected or the usual interval", async () => {
  for (const expectedFps of [30, undefined]) {
    const { neverMade, exposures, rate, longestGap } = await told(
      holed,
      expectedFps === undefined ? {} : { expectedFps },
    );
    assert.deepEqual([neverMade, exposures], [13, 150]);
    assert.ok(Math.abs(rate! - 136 / (149 / 30)) < 0.001);
    assert.deepEqual([Math.round(longestGap!.ms), Math.round(longestGap!.at - START)], [133, 1067]);
  }
});

test("jitter, frames that are late and catch up, and a clock that is a little slower are no holes", async () => {
  const jitter = at(30, 300).map((ms, n) => ms + ((n * 7919) % 20));
  const late = at(30, 300).map((ms, n) => (n % 50 === 10 ? ms + 30 : n % 50 === 11 ? ms + 5 : ms));
  const stalled = at(30, 300).map((ms, n) =>
    n >= 100 && n < 104 ? (104 * 1000) / 30 - (104 - n) : ms,
  );
  for (const times of [jitter, late, stalled, at(29.97, 300)]) {
    assert.equal((await told(times, { expectedFps: 30 })).neverMade, 0);
  }
});

test("a source that runs at half of the rate expected lacks every other exposure", async () => {
  assert.equal((await told(at(15, 75), { expectedFps: 30 })).neverMade, 74);
  assert.equal((await told(at(24, 120), { expectedFps: 30 })).neverMade, 30);
  assert.equal((await told(at(15, 75))).neverMade, 0);
});

test("what is told as lost, by the writer or by the source, is not told again; nor an outage, nor another run", async () => {
  const indices = at(30, 150).flatMap((_, n) => (HOLES.has(n) ? [] : [n]));
  assert.equal((await told(holed, { expectedFps: 30, indices })).neverMade, 0);
  const lost = { run: "k3x9q2", before: 7, what: "lost", count: 1, why: "", ms: 66 } as const;
  assert.equal((await told(holed, { expectedFps: 30, notes: [{ source: lost }] })).neverMade, 12);
  const paused = at(30, 100).map((ms, n) => (n >= 50 ? ms + 60_000 : ms));
  const outage = { run: "k3x9q2", before: 50, what: "outage", count: 0, why: "", ms: 1 } as const;
  assert.equal((await told(paused, { expectedFps: 30, notes: [{ source: outage }] })).neverMade, 0);
  assert.ok(Math.abs((await told(paused, { expectedFps: 30 })).neverMade - 1800) <= 1);
});

test("a timelapse lacks the pictures that were not taken, and not what is between them", async () => {
  const indices = [0, 300, 600, 1200, 1500];
  const dropped = { run: "k3x9q2", from: 1, to: 299, why: LEFT_OUT };
  const times = indices.map((index) => (index * 1000) / 30);
  const { neverMade, exposures } = await told(times, {
    expectedFps: 0.1,
    indices,
    notes: [{ dropped }],
  });
  assert.deepEqual([neverMade, exposures], [1, 6]);
});

test("times without a pattern have no holes, and few frames nothing to tell", async () => {
  let [time, seed] = [0, 1];
  const random = Array.from({ length: 100 }, () => {
    seed = (seed * 48271) % 2147483647;
    time -= 100 * Math.log(seed / 2147483647); // as light falls on a detector
    return time;
  });
  assert.equal((await told(random)).neverMade, 0);
  assert.deepEqual(await told([0]), {
    ...{ rate: undefined, jitterMs: undefined, longestGap: undefined },
    ...{ expectedRate: undefined, exposures: 1, neverMade: 0 },
  });
  assert.equal((await told([])).exposures, 0);
});

test("verify says how many exposures were never made, and the summary has rate and longest gap", {
  timeout,
}, async () => {
  const all = holed.map((ms, index) => frame(index, ms));
  const { path, summary } = await record(all, { expectedFps: 30 });
  const { ok, sentence, timing } = await verifyRecording(path);
  assert.ok(ok);
  assert.match(
    sentence,
    /none was lost, but 13 of 150 exposures were never made\. 27\.38 frames\/s of 30 expected, jitter 66\.7 ms, longest gap 0\.133 s after 1\.1 s\.$/,
  );
  assert.deepEqual([summary.rate, summary.longestGap], [timing!.rate, timing!.longestGap]);
  const { path: one } = await record(frames(50, 40).filter((_, n) => n !== 20));
  assert.match(
    (await verifyRecording(one)).sentence,
    /; 1 lost, according to its ledger: [^;]*never arrived\. 24\.49 frames/,
  );
  const renumbered = frames(50, 40).filter((_, n) => n !== 20);
  const { path: hole } = await record(renumbered.map((frame, index) => ({ ...frame, index })));
  assert.match(
    (await verifyRecording(hole)).sentence,
    /but 1 of 50 exposures was never made, judging by/,
  );
  const { sentence: whole } = await verifyRecording((await record(frames(150, 40))).path);
  assert.match(whole, /none was lost\. 25 frames\/s, jitter 0\.0 ms/);
});

test("the ledger says how many frames a second a camera was to give, if it states that", {
  timeout,
}, async () => {
  for (const [framerate, expected] of [
    [30, 30],
    [undefined, undefined],
    ["30", undefined],
    [0, undefined],
  ] as const) {
    const camera = { mjpeg_stream: new MJPEGStream(), framerate };
    const recording = await startRecording({ camera, path: await newPath() });
    const recorder = new VideoRecorder({ camera, filenameGenerator: () => event });
    const event = await newPath();
    camera.mjpeg_stream.addFrame(picture(0));
    const made = await recorder.record({ maxDelaySec: 10 });
    const { files } = await recording.stop();
    await recorder.stop();
    for (const path of [files[0]!.path, made]) {
      assert.equal((await readLedger(ledgerPathOf(path)))!.head!.expectedFps, expected);
    }
  }
});
