import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { packagePath } from "../../src/base/package-root.ts";
import type { SourceFrame } from "../../src/frames/frame-source.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { programVersion } from "../../src/processes/programs.ts";
import { TEST_MS } from "../limits.ts";
import { childrenOf, ONE_TEE, run, TWO_TEES, take } from "./pipelines.ts";

const folder = mkdtempSync(join(tmpdir(), "thingscope-pipeline-"));
const timeout = TEST_MS;

before(async () => {
  await programVersion("gst-launch-1.0");
  await programVersion("ffmpeg");
});

const times = (frames: readonly SourceFrame[]) => frames.map(({ capturedAt }) => capturedAt ?? 0);
const steps = (values: readonly number[]) =>
  values.slice(1).map((value, index) => value - values[index]!);

test("the one tee of a pipeline is a camera whose frames come at the pipeline's own times", {
  timeout,
}, async () => {
  const { take } = await run({ pipeline: ONE_TEE });
  const startedAt = now();
  const frames = await take(90, "t1");
  assert.ok(frames.every(({ jpeg }) => inspectJpeg(jpeg).width === 320));
  const captured = times(frames);
  assert.ok(captured[0]! >= startedAt && captured.at(-1)! <= now());
  const inexact = steps(captured.slice(45)).filter((step) => {
    const periods = (step * 30) / 1000;
    return Math.abs(periods - Math.round(periods)) > 1e-4; // 3 µs
  });
  assert.ok(inexact.length <= 2, `steps of ${inexact} ms`);
  assert.deepEqual(childrenOf(), []);
});

test("two tees are two cameras of one process, on one clock", { timeout }, async () => {
  const { pipeline } = await run({ pipeline: TWO_TEES });
  const [first, second] = await Promise.all([
    take(pipeline, 60, "tee_0"),
    take(pipeline, 60, "tee_1"),
  ]);
  assert.equal(pipeline.state.restarts, 0);
  assert.notDeepEqual(first.at(-1)?.jpeg, second.at(-1)?.jpeg);
  const apart = Math.abs(times(first).at(-1)! - times(second).at(-1)!);
  const frameTimes = apart / (1000 / 30);
  assert.ok(Math.abs(frameTimes - Math.round(frameTimes)) < 0.01, `${apart} ms apart`);
});

test("without a tee the display at the end is the camera, and need not exist", {
  timeout,
}, async () => {
  const { take } = await run({
    pipeline: "videotestsrc pattern={pattern} ! nveglglessink",
    parameters: { pattern: "snow" },
  });
  assert.equal((await take(10)).length, 10);
});

test("ffmpeg plays an H.264 file at its own speed", { timeout }, async () => {
  const file = join(folder, "test.mp4");
  execFileSync(
    "ffmpeg",
    `-v error -y -f lavfi -i testsrc=size=320x240:rate=25:duration=4 -c:v libx264 -pix_fmt yuv420p ${file}`.split(
      " ",
    ),
  );
  for (const output of ["-q:v 4 -f mjpeg -", "-q:v 4 -f mpjpeg pipe:3", ""]) {
    const { take } = await run({ pipeline: `ffmpeg -i {file} ${output}`, parameters: { file } });
    const startedAt = performance.now();
    const frames = await take(50);
    const took = performance.now() - startedAt;
    assert.ok(took > 1200 && took < 6000, `50 frames of 25 Hz took ${took} ms (${output})`);
    assert.equal(inspectJpeg(frames[0]!.jpeg).width, 320);
  }
});

for (const [own, framing] of [
  ["videotestsrc is-live=true ! jpegenc ! fdsink", "jpeg"],
  ["videotestsrc is-live=true ! jpegenc ! multipartmux ! fdsink fd=1", "multipart"],
  ["videotestsrc is-live=true ! jpegenc ! gdppay ! fdsink fd=5", "gdp"],
] as const) {
  test(`a pipeline with an output of its own is read as it is: ${framing}`, {
    timeout,
  }, async () => {
    const { pipeline, take } = await run({ pipeline: own });
    assert.equal(pipeline.command.outputs[0]?.framing, framing);
    const frames = await take(20);
    assert.ok(frames.every(({ jpeg }) => inspectJpeg(jpeg).height === 240));
  });
}

test("the pipelines of docs/pipelines.md and of the README give frames", { timeout }, async () => {
  const page = readFileSync(packagePath("docs", "pipelines.md"), "utf8");
  const readme = readFileSync(packagePath("README.md"), "utf8");
  const texts = [
    ...page.matchAll(/```gst\n(.*?)```/gs),
    ...readme.matchAll(/^npx thingscope launch (.*)$/gm),
  ].map(([, text = ""]) => text);
  assert.ok(texts.length >= 5);
  for (const pipeline of texts) {
    const parameters = pipeline.includes("{motion}") ? { motion: "sweep" } : {};
    const { take } = await run({ pipeline, parameters });
    assert.equal((await take(2)).length, 2);
  }
});
