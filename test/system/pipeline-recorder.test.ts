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
import { TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { ONE_TEE, TWO_TEES } from "./pipelines.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

async function formatOf(path: string): Promise<{ start: number; duration: number }> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-of", "json", path]);
  const { start_time, duration } = JSON.parse(stdout).format;
  return { start: Number(start_time), duration: Number(duration) };
}

test("the seed's recorder: a pipeline and a tee, triggers at 3, 4 and 9 s, films of 5 s from 1 and 4 s from 7", {
  timeout,
}, async () => {
  const pipeline = new Pipeline(await pipelineCommand({ pipeline: ONE_TEE }));
  const folder = dirname(await newPath());
  let count = 0;
  const films: string[] = [];
  const recorder = new VideoRecorder({
    pipeline,
    srcTeeName: "t1",
    filenameGenerator: () => join(folder, `${++count}.mkv`),
    timeoutSec: 0.1,
    windowSizeSec: 2,
  });
  while (recorder.busy) await sleep(5); // until its first frame: the second 0
  const begun = performance.now();
  const triggers: number[] = []; // as they really were: a machine under load may be late
  for (const second of [3, 4, 9]) {
    await sleep(begun + second * 1000 - performance.now());
    triggers.push(now());
    const onVideoFinished = (path: string) => films.push(path);
    await recorder.record({ maxDelaySec: 1, onVideoFinished });
  }
  while (recorder.busy) await sleep(20);
  await recorder.stop();
  assert.deepEqual(
    films.map((path) => basename(path)),
    ["1.mkv", "2.mkv"],
  );
  const [t3, t4, t9] = triggers as [number, number, number];
  for (const [n, trigger, seconds] of [
    [0, t3, 4 + (t4 - t3) / 1000],
    [1, t9, 4],
  ] as const) {
    await using film = await openRecording(films[n]!);
    const from = (trigger - film.info.timeZero) / 1000 - 2;
    const { start, duration } = await formatOf(films[n]!);
    console.log(`# film ${n + 1}: from ${start} s (${from}), ${duration} s (${seconds})`);
    assert.ok(Math.abs(start - from) < 0.066, `${start}, not ${from}`);
    assert.ok(Math.abs(duration - seconds) < 0.066, `${duration}, not ${seconds}`);
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
