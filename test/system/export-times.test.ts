import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type Frame, logTo, MJPEGStream, now } from "thingscope";
import { exportRecording, VideoRecorder, verifyRecording } from "thingscope/recording";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import type { VideoFormat } from "../../src/recording/ledger/video-format.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { newPath, record, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const RATES_HZ = [7, 24, 30_000 / 1001, 30, 60_000 / 1001, 120];
const UPTIME_MS = 5 * 3_600_000 + 34.7;
const LIMIT_MS = { mp4: 0.1, webm: 1 };
const JPEG = await jpegOf(65, 49);

function framesAt(times: readonly number[]): Frame[] {
  return times.map(
    (time, index) =>
      storeFrame(JPEG, { run: "k3x9q2", index, capturedAt: START + UPTIME_MS + time }).frame,
  );
}

/** `count` times at this rate, ms, each up to 2 ms late. */
function jittered(hz: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => (n * 1000) / hz + ((n * 7919) % 2000) / 1000);
}

/** Every rate after the other, 3 s apart; then two frames 0.1 ms apart, two of one tick, and a last one after 4 s. */
function everyRate(): number[] {
  const times: number[] = [];
  for (const hz of RATES_HZ) {
    const from = times.length === 0 ? 0 : times.at(-1)! + 3000;
    times.push(...jittered(hz, 12).map((time) => from + time));
  }
  const last = times.at(-1)!;
  return [...times, last + 40, last + 40.1, last + 80.02, last + 80.04, last + 4000];
}

interface Told {
  readonly times: readonly number[];
  /** Hz */
  readonly rate: number;
  /** s */
  readonly duration: number;
  readonly tags: Readonly<Record<string, string>>;
}

async function toldOf(path: string): Promise<Told> {
  const shown = "packet=pts_time:stream=avg_frame_rate:format=duration:format_tags";
  const args = ["-v", "error", "-select_streams", "v:0", "-show_entries", shown, "-of", "json"];
  const { packets, streams, format } = JSON.parse((await run("ffprobe", [...args, path])).stdout);
  const [frames, seconds] = streams[0].avg_frame_rate.split("/").map(Number);
  return {
    times: packets.map(({ pts_time }: { pts_time: string }) => 1000 * Number(pts_time)),
    rate: frames / seconds,
    duration: Number(format.duration),
    tags: format.tags,
  };
}

for (const format of ["mp4", "webm"] as const) {
  test(`times of every rate, jitter, gaps, twins and one tick twice survive in ${format}, hours into a stream`, {
    timeout,
  }, async () => {
    const times = everyRate();
    const { path } = await record(framesAt(times), { timeZero: START });
    for (const keepStart of [false, true]) {
      const made = await exportRecording(path, { format, keepStart });
      const told = await toldOf(made.path);
      const zero = keepStart ? UPTIME_MS : -times[0]!;
      const errors = told.times.map((time, n) => Math.abs(time - zero - times[n]!));
      const largest = Math.max(...errors);
      console.log(`# ${format}: largest error ${largest.toFixed(3)} ms`);
      assert.equal(told.times.length, times.length);
      if (format === "webm") assert.ok(told.duration < 60, "players count by the duration");
      assert.ok(largest <= LIMIT_MS[format], `${largest} ms at ${errors.indexOf(largest)}`);
      assert.equal(Number(told.tags.STREAM_START), (UPTIME_MS + times[0]!) / 1000);
      if (keepStart) continue; // its name is another, so it has no ledger
      assert.match((await verifyRecording(made.path)).sentence, /OK: 77 frames .* none was lost/);
    }
  });
}

/** How many pictures ffmpeg writes when nobody tells it to keep times. */
async function picturesOf(path: string): Promise<number> {
  const args = ["-v", "error", "-i", path, "-f", "image2pipe", "-c:v", "mjpeg", "pipe:1"];
  const { stdout } = await run("ffmpeg", args, { encoding: "latin1", maxBuffer: 2 ** 28 });
  return stdout.split("\xff\xd8\xff").length - 1;
}

async function assertPace(format: VideoFormat, hz: number): Promise<void> {
  const count = 30;
  const { path } = await record(framesAt(jittered(hz, count)), { timeZero: START });
  const made = await exportRecording(path, { format });
  const { rate, duration } = await toldOf(made.path);
  const told = `${format} at ${hz} Hz: ${rate} Hz for ${duration} s`;
  assert.ok(Math.abs(rate / hz - 1) < 0.02, told);
  assert.equal(Math.round(rate * duration), count, `${told}: what OpenCV counts`);
  assert.ok(Math.abs((await picturesOf(made.path)) - count) <= 1, told);
}

const PACES = process.env.THINGSCOPE_LONG ? RATES_HZ : [7, 30_000 / 1001];

test("players are told the rate and count each frame once, also where times are irregular", {
  timeout,
}, async () => {
  for (const hz of PACES)
    for (const format of ["mp4", "webm"] as const) await assertPace(format, hz);
});

test("events at 30 Hz, five hours into a stream, become MP4s, from 0 and at the time of the stream", {
  timeout,
}, async () => {
  for (const keepStart of [false, true]) {
    const stream = new MJPEGStream({ name: "camera" });
    const start = now() - UPTIME_MS - 60_000;
    let time = 0; // ms
    const playTo = (until: number, periodMs: number) => {
      for (; time < until; time += periodMs) stream.addFrame(JPEG, { capturedAt: start + time });
    };
    const folder = dirname(await newPath());
    const names = ["a", "b"].map((name) => join(folder, `${name}.mp4`));
    const [left, lines]: [string[], string[]] = [[...names], []];
    const options = { camera: stream, clock: () => start + time, windowSizeSec: 0.3, keepStart };
    const log = logTo((_, message) => lines.push(message));
    const filenameGenerator = () => left.shift()!;
    await using recorder = new VideoRecorder({ ...options, log, filenameGenerator });
    playTo(UPTIME_MS, 4000);
    for (const _ of names) {
      playTo(time + 2000, 1000 / 30);
      await recorder.record({ maxDelaySec: 10 });
    }
    playTo(time + 2000, 1000 / 30);
    await recorder.stop();
    for (const path of names) {
      assert.ok((await verifyRecording(path)).ok, lines.join("\n"));
      const [first = 0] = (await toldOf(path)).times;
      assert.equal(first > UPTIME_MS, keepStart, `begins at ${first} ms`);
    }
  }
});
