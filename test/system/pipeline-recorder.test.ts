import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { now } from "thingscope";
import { Pipeline, pipelineCommand } from "thingscope/frames";
import { VideoRecorder } from "thingscope/pythiags";
import { MultiVideoRecorder, openRecording, verifyRecording } from "thingscope/recording";
import { packagePath } from "../../src/base/package-root.ts";
import type { FrameSource } from "../../src/frames/frame-source.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { collect, newPath } from "../recording/recordings.ts";
import { framesOf } from "../sources/reading.ts";
import { ONE_TEE, TWO_TEES } from "./pipelines.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

async function formatOf(path: string): Promise<{ start: number; duration: number }> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-of", "json", path]);
  const { start_time, duration } = JSON.parse(stdout).format;
  return { start: Number(start_time), duration: Number(duration) };
}

/** The seconds of the seed's script in ms; a quarter of that in the short form. */
const SECOND_MS = process.env.THINGSCOPE_LONG ? 1000 : 250;
const WINDOW_S = (2 * SECOND_MS) / 1000;

/** When frames of a camera are captured, epoch ms, as another reader than a recorder gets them, until `signal` aborts. */
async function captureTimes(source: FrameSource, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  for await (const { capturedAt } of framesOf(source, signal)) times.push(capturedAt!);
  return times;
}

test("the seed's recorder: a pipeline and a tee, triggers at 3, 4 and 9 s; a film has each frame from 2 s before to 2 s after, and no other", {
  timeout,
}, async () => {
  const pipeline = new Pipeline(await pipelineCommand({ pipeline: ONE_TEE }));
  const folder = dirname(await newPath());
  let count = 0;
  const films: string[] = [];
  let askedAt = Number.NaN;
  const recorder = new VideoRecorder({
    pipeline,
    srcTeeName: "t1",
    filenameGenerator: () => join(folder, `${++count}.mkv`),
    timeoutSec: 0.1,
    windowSizeSec: WINDOW_S,
    clock: () => (askedAt = now()),
  });
  const reading = new AbortController();
  const captured = captureTimes(pipeline.cameras.get("t1")!, reading.signal);
  while (recorder.busy) await sleep(5); // until its first frame: the second 0
  const triggers: number[] = [];
  for (const seconds of [3, 1, 5]) {
    await sleep(seconds * SECOND_MS);
    const onVideoFinished = (path: string) => films.push(path);
    const asked = recorder.record({ maxDelaySec: WAIT_MS / 1000, onVideoFinished });
    triggers.push(askedAt);
    await asked;
  }
  while (recorder.busy) await sleep(20);
  await recorder.stop();
  reading.abort();
  assert.deepEqual(
    films.map((path) => basename(path)),
    ["1.mkv", "2.mkv"],
  );
  const times = await captured;
  const [t3, t4, t9] = triggers as [number, number, number];
  for (const [n, first, last] of [
    [0, t3, t4],
    [1, t9, t9],
  ] as const) {
    const [from, until] = [first - WINDOW_S * 1000, last + WINDOW_S * 1000];
    const expected = times.filter((time) => time >= from && time <= until);
    await using film = await openRecording(films[n]!);
    const found = (await collect(film.frames())).map(({ capturedAt }) => capturedAt);
    console.log(`# film ${n + 1}: ${found.length} frames of ${until - from} ms`);
    assert.ok(expected.length > 0);
    assert.equal(found.length, expected.length, `${found} are not ${expected}`);
    for (const [at, time] of expected.entries()) {
      assert.ok(Math.abs(found[at]! - time) < 0.002, `frame ${at}: ${found[at]}, not ${time}`);
    }
    const { start, duration } = await formatOf(films[n]!);
    const begins = (found[0]! - film.info.timeZero) / 1000;
    const lasts = (found.at(-1)! - found[0]!) / 1000;
    console.log(`# as ffprobe sees it: from ${start} s (${begins}), ${duration} s (${lasts})`);
    assert.ok(Math.abs(start - begins) < 0.001, `${start}, not ${begins}`);
    const periods = found.slice(1).map((time, at) => (time - found[at]!) / 1000);
    const isOver = duration > lasts && duration < lasts + Math.max(...periods) + 0.001;
    assert.ok(isOver, `${duration}, not ${lasts} and the last frame's period`);
    const { ok, sentence } = await verifyRecording(films[n]!);
    assert.ok(ok, sentence);
  }
  assert.equal(pipeline.state.phase, "stopped", "the recorder has let go of it");
});

test("two recorders share a pipeline; a tee that is not there is told of", {
  timeout,
}, async () => {
  const pipeline = new Pipeline(await pipelineCommand({ pipeline: TWO_TEES }));
  const folder = dirname(await newPath());
  const multi = new MultiVideoRecorder({
    cameras: {
      0: { pipeline, srcTeeName: "tee_0" },
      1: { pipeline, srcTeeName: "tee_1" },
    },
    filenameGenerator: (camera) => join(folder, `${camera}.mkv`),
    windowSizeSec: 0.5,
  });
  while (multi.busy) await sleep(5);
  const paths = await Promise.all([0, 1].map((n) => multi.record(n, { maxDelaySec: 5 })));
  await sleep(600);
  await multi.stop();
  for (const path of paths) {
    const { ok, frames, sentence } = await verifyRecording(path);
    assert.ok(ok && frames >= 10, sentence);
  }
  assert.throws(
    () => new VideoRecorder({ pipeline, srcTeeName: "t7", filenameGenerator: () => "x.mkv" }),
    { code: "BAD_ARGUMENT", message: /no tee 't7'. It has: tee_0, tee_1/ },
  );
});

test("examples/custom-recorder.ts replaces tap, ring and writer, and says what it recorded", {
  timeout,
}, async () => {
  const folder = dirname(await newPath());
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  const example = packagePath("examples", "custom-recorder.ts");
  const { stdout } = await run(process.execPath, [tsx, example, folder], { cwd: packagePath() });
  assert.match(
    stdout,
    /event\.mkv has been started: the second second\.\n.*event\.mkv has \d+ frames\.\n$/,
  );
  const { ok, sentence } = await verifyRecording(join(folder, "event.mkv"));
  assert.ok(ok, sentence);
  assert.match(sentence, /lost, according to its ledger: .*it never arrived/);
});
