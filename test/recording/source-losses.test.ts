import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, ignoreAbort } from "../../src/base/abort.ts";
import type { SourceLoss } from "../../src/frames/frame.ts";
import { ledgerAsCsv } from "../../src/recording/ledger/ledger-tables.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { collect, newPath } from "./recordings.ts";

const timeout = TEST_MS;
const skip = (count: number): SourceLoss => ({ what: "lost", count, why: "its numbers skip" });

async function notesOf(path: string) {
  const { notes } = (await readLedger(ledgerPathOf(path)))!;
  return notes.flatMap(({ note }) => ("source" in note ? [note.source] : []));
}

test("what a source lost is in the ledger where it was lost, and added up in the summary", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  stream.addFrame(picture(0), { lossesBefore: [skip(9)] }); // nobody records yet
  const recording = await startRecording({
    camera: stream,
    path: await newPath(),
    reserveBytes: 0,
  });
  stream.addFrame(picture(1), { lossesBefore: [skip(5)] }); // before its first frame
  stream.addFrame(picture(2), { lossesBefore: [skip(2)] });
  stream.offerFrame(Buffer.from("no picture"));
  stream.offerFrame(Buffer.from("no picture"));
  stream.addFrame(picture(3), { lossesBefore: [skip(1)] });
  stream.noteLoss({ what: "outage", count: 0, why: "it was unplugged" });
  const { files, captured } = await recording.stop();
  const { path, summary } = files[0]!;
  const notes = await notesOf(path);
  assert.deepEqual(
    notes.map(({ before, what, count }) => [before, what, count]),
    [
      [2, "lost", 2],
      [3, "refused", 2],
      [3, "lost", 1],
      [4, "outage", 0],
    ],
  );
  assert.match(notes[1]!.why, /JPEG/);
  const sums = summary.source.map(({ what, count, times }) => [what, count, times]);
  assert.deepEqual(sums, [
    ["lost", 3, 2],
    ["refused", 2, 1],
    ["outage", 0, 1],
  ]);
  assert.deepEqual([captured, summary.refused, stream.stats.lostBySource], [3, 2, 17]);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.match(
    sentence,
    /none was lost; its source: 3 lost \(its numbers skip\); 2 refused .*failed once/,
  );
  assert.match(
    Buffer.concat(await collect(ledgerAsCsv(path))).toString(),
    /lost by the source, 2: its numbers skip/,
  );
});

test("a loss at a split is in the file that goes on", { timeout }, async () => {
  const stream = new MJPEGStream();
  const path = await newPath();
  const recording = await startRecording({
    camera: stream,
    path,
    splitBytes: 20_000,
    reserveBytes: 0,
  });
  for (let n = 0; n < 40; n++) {
    stream.addFrame(picture(n, 2000), { lossesBefore: n > 0 ? [skip(1)] : [] });
    if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { files } = await recording.stop();
  assert.ok(files.length > 1, `${files.length} files`);
  const lost = files.flatMap(({ summary }) => summary.source.map(({ count }) => count));
  assert.equal(
    lost.reduce((a, b) => a + b, 0),
    39,
  );
});

test("an event has the losses of the time before its trigger, and of the outage in which it ends", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const path = await newPath();
  await using recorder = new VideoRecorder({
    camera: stream,
    filenameGenerator: () => path,
    windowSizeSec: 0.3,
  });
  stream.addFrame(picture(0));
  stream.addFrame(picture(1), { lossesBefore: [skip(4)] });
  let finished = () => {};
  const closed = new Promise<void>((resolve) => (finished = resolve));
  await recorder.record({ maxDelaySec: 5, onVideoFinished: () => finished() });
  stream.addFrame(picture(2));
  stream.noteLoss({ what: "outage", count: 0, why: "it was unplugged" });
  await closed;
  const notes = await notesOf(path);
  assert.deepEqual(
    notes.map(({ before, what }) => [before, what]),
    [
      [1, "lost"],
      [3, "outage"],
    ],
  );
});

test("a source that fails tells why, and how long there was nothing", { timeout }, async () => {
  const stream = new MJPEGStream();
  let life = 0;
  const source = {
    async *frames(signal: AbortSignal) {
      life += 1;
      for (let n = 0; n < 3; n++) yield { jpeg: picture(n) };
      if (life === 1) throw new Error("the cable is loose");
      await delay(5000, signal).catch(ignoreAbort);
    },
  };
  const recording = await startRecording({
    camera: stream,
    path: await newPath(),
    reserveBytes: 0,
  });
  const feeding = feed(stream, source, { backOffMs: 200 });
  const { run } = stream;
  while (stream.run === run || stream.lastFrameIndex < 2) await stream.nextFrame();
  const { files } = await recording.stop();
  await feeding.stop();
  const [outage] = await notesOf(files[0]!.path);
  assert.match(outage!.why, /the cable is loose/);
  assert.deepEqual([outage!.before, outage!.what, outage!.run], [0, "outage", stream.run]);
  assert.ok(outage!.ms >= 190, `${outage!.ms}`);
  assert.equal(stream.stats.outages, 1);
});
