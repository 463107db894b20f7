import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { Pipeline } from "../../src/sources/pipeline.ts";
import { type PipelineText, pipelineCommand } from "../../src/sources/pipeline-command.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { ONE_TEE } from "./pipelines.ts";

const timeout = TEST_MS;
const HEADER_BYTES = 62;
const [BUFFER, OFFSET_AT, OFFSET_END_AT] = [1, 26, 34];

/** A recording of a pipeline, once it runs. */
async function recordPipeline(text: PipelineText) {
  const pipeline = new Pipeline(await pipelineCommand(text));
  const stream = new MJPEGStream();
  const recording = await startRecording({
    camera: stream,
    path: await newPath(),
    reserveBytes: 0,
  });
  const feeding = feed(stream, [...pipeline.cameras.values()][0]!, { backOffMs: 20_000 });
  return { pipeline, stream, recording, feeding };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What GStreamer writes for so many frames, a packet each. */
async function packetsOf(frames: number): Promise<Buffer[]> {
  const { stdout } = await promisify(execFile)(
    "gst-launch-1.0",
    [
      "-q",
      ..."videotestsrc ! video/x-raw,framerate=30/1 ! jpegenc ! gdppay ! fdsink fd=1".split(" "),
    ].flatMap((word) => (word === "videotestsrc" ? [word, `num-buffers=${frames}`] : [word])),
    { encoding: "buffer", maxBuffer: 64 * 2 ** 20 },
  );
  const packets: Buffer[] = [];
  for (let at = 0; at < stdout.length; at += packets.at(-1)!.length) {
    packets.push(stdout.subarray(at, at + HEADER_BYTES + stdout.readUInt32BE(at + 6)));
  }
  return packets;
}

test("frames that a driver could not deliver are in the ledger, by its numbers, through tee and tap", {
  timeout,
}, async () => {
  let number = 0;
  const numbered = (await packetsOf(40)).flatMap((packet) => {
    if (packet.readUInt16BE(4) !== BUFFER) return [packet];
    packet.writeBigUInt64BE(BigInt(number), OFFSET_AT); // as v4l2src does for a camera
    packet.writeBigUInt64BE(BigInt(++number), OFFSET_END_AT);
    packet.fill(0, 58, 62); // the checksums do not count
    packet[2] = 0;
    return [11, 12, 13, 30].includes(number - 1) ? [] : [packet];
  });
  const file = await newPath("film.gdp");
  await writeFile(file, Buffer.concat(numbered));
  const pipeline = `filesrc location=${file} ! gdpdepay ! image/jpeg ! tee name=t t. ! fakesink`;
  const { recording, stream, feeding } = await recordPipeline({ pipeline });
  await until(() => feeding.state === "failed"); // the film is over
  const { files } = await recording.stop();
  await feeding.stop();
  const { path, summary } = files[0]!;
  const { frames, notes } = (await readLedger(ledgerPathOf(path)))!;
  const lost = notes.flatMap(({ note }) =>
    "source" in note && note.source.what === "lost" ? [note.source] : [],
  );
  const byDriver = lost.filter(({ why }) => why === "the driver's frame numbers have a gap");
  console.log(`# ${frames.length} frames, lost ${JSON.stringify(lost)}`);
  const missing = lost.reduce((sum, { count }) => sum + count, 0);
  assert.equal(frames.length + missing, 40, "each is in the file or told");
  assert.ok(byDriver.length >= 2, "both holes");
  assert.equal(stream.stats.lostBySource, missing);
  assert.equal(summary.source.find(({ what }) => what === "outage")?.times, 1);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.match(sentence, /its source: .*the driver's frame numbers have a gap/);
});

test("frames that a pipeline drops are in the ledger, as many as its times say", {
  timeout,
}, async () => {
  const pipeline =
    "videotestsrc is-live=true ! video/x-raw,framerate=30/1 ! jpegenc ! identity drop-probability=0.2 ! gdppay ! fdsink fd=3";
  const { recording, stream, feeding } = await recordPipeline({ pipeline });
  await until(() => stream.lastFrameIndex >= 60);
  const { files } = await recording.stop();
  await feeding.stop();
  const { path, summary } = files[0]!;
  const { frames, notes } = (await readLedger(ledgerPathOf(path)))!;
  const all = [...frames];
  // The first frame is stamped on its arrival, which a busy machine delays: times are the pipeline's a while later.
  const [from, to] = [all[20]!, all.at(-1)!];
  const told = notes.flatMap(({ note }) =>
    "source" in note && note.source.before > from.index ? [note.source.count] : [],
  );
  const lost = told.reduce((sum, count) => sum + count, 0);
  const written = to.index - from.index;
  const due = Math.round(((to.capturedAt - from.capturedAt) * 30) / 1000);
  console.log(`# ${written} written, ${lost} lost by the pipeline, of ${due}`);
  assert.ok(lost > 0);
  assert.ok(summary.source.length > 0);
  assert.ok(Math.abs(written + lost - due) <= 1, "they add up");
});

test("a pipeline that is killed during a recording is in the ledger: why, and for how long", {
  timeout,
}, async () => {
  const { pipeline, recording, stream, feeding } = await recordPipeline({ pipeline: ONE_TEE });
  await feeding.stop(); // this one waits too long before it tries again
  const again = feed(stream, [...pipeline.cameras.values()][0]!, { backOffMs: 100 });
  await until(() => stream.lastFrameIndex >= 10);
  const { run } = stream;
  process.kill(pipeline.pid!, "SIGKILL");
  await until(() => stream.run !== run && stream.lastFrameIndex >= 10);
  const { files } = await recording.stop();
  await again.stop();
  const { path, summary } = files[0]!;
  const { notes } = (await readLedger(ledgerPathOf(path)))!;
  const outages = notes.flatMap(({ note }) =>
    "source" in note && note.source.what === "outage" ? [note.source] : [],
  );
  console.log(`# ${JSON.stringify(outages)}`);
  const killed = outages.find(({ why }) => /gst-launch-1.0 was ended by SIGKILL/.test(why));
  assert.ok(killed, JSON.stringify(notes));
  assert.deepEqual([killed.run, killed.before], [stream.run, 0]);
  assert.ok(killed.ms > 50 && killed.ms < 20_000);
  assert.ok(summary.source.some(({ why, times }) => why === killed.why && times === 1));
  assert.equal(summary.newRuns >= 1, true);
});
