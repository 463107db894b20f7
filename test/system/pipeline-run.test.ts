import assert from "node:assert/strict";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, test } from "node:test";
import type { Frame } from "thingscope";
import { Pipeline } from "thingscope/frames";
import { VideoRecorder, verifyRecording } from "thingscope/recording";
import { TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { framesOf } from "../sources/reading.ts";
import { childrenOf, ONE_TEE, TWO_TEES } from "./pipelines.ts";

const timeout = TEST_MS;
const SHORT = "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=30/1";

afterEach(() => assert.deepEqual(childrenOf(), [], "a pipeline was left running"));

test("a pipeline runs in the background, its tees are cameras, and stop ends it", {
  timeout,
}, async () => {
  await using app = await Pipeline.run(TWO_TEES, { background: true });
  assert.deepEqual([...app.cameras.keys()], ["tee_0", "tee_1"]);
  assert.equal(app.pipeline.state.phase, "running");
  for (const camera of app.cameras.values()) {
    const first = await camera.nextFrame();
    assert.ok((await camera.nextFrame()) > first);
  }
  let told = "";
  app.onEos(() => (told = "eos"));
  app.onError(() => (told = "error"));
  await app.stop();
  assert.deepEqual(await app.ended, { why: "stopped" });
  assert.equal(told, "", "it was stopped, which is neither an end nor an error");
  assert.ok([...app.cameras.values()].every(({ streaming }) => !streaming));
});

test("a second call while one runs is refused, and is not when that has been stopped", {
  timeout,
}, async () => {
  const first = Pipeline.run(ONE_TEE);
  await assert.rejects(Pipeline.run(ONE_TEE), { code: "LOCK_BUSY", message: /app\.stop\(\)/ });
  const app = await first;
  await assert.rejects(Pipeline.run("fakesrc ! fakesink"), { code: "LOCK_BUSY" });
  await app.stop();
  await (await Pipeline.run(ONE_TEE)).stop();
});

test("a pipeline that comes to its end says so, gives its frames, and is not started again", {
  timeout,
}, async () => {
  let ends = 0;
  const reading: Promise<Frame[]>[] = [];
  const app = await Pipeline.run(`${SHORT} ! tee name=t1 t1. ! fakesink`, {
    onCameras: (cameras) => reading.push(allOf(cameras.get("t1")!.frames())),
    onEos: () => ends++,
    onError: assert.fail,
  });
  const [frames = []] = await Promise.all(reading);
  assert.equal(frames[0]?.index, 0, "from the first");
  assert.ok(frames.length > 1, `${frames.length} of 20`);
  assert.deepEqual(await app.ended, { why: "eos" });
  assert.equal(ends, 1);
  assert.equal(app.pipeline.state.restarts, 0);
  const late = await new Promise<string>((resolve) => app.onEos(() => resolve("told as well")));
  assert.equal(late, "told as well");
  assert.deepEqual(await allOf(framesOf(app.pipeline.cameras.get("t1")!, never())), []);
});

test("without background the call waits for the end, and rejects with the reason of a failure", {
  timeout,
}, async () => {
  const app = await Pipeline.run(`${SHORT} ! nveglglessink`, { background: false });
  assert.deepEqual(await app.ended, { why: "eos" });
  const failing = Pipeline.run(
    "videotestsrc num-buffers=60 ! video/x-raw,framerate=30/1 ! identity error-after=5 ! autovideosink",
    { background: false },
  );
  await assert.rejects(failing, { code: "SOURCE_FAILED", message: /identity0 failed/ });
});

test("a failure while it runs in the background is told once, with its reason", {
  timeout,
}, async () => {
  const errors: string[] = [];
  const app = await Pipeline.run(
    "videotestsrc is-live=true ! identity error-after=10 ! tee name=t1 t1. ! fakesink",
    { onEos: assert.fail, onError: ({ message }) => errors.push(message) },
  );
  const { why, error } = await app.ended;
  assert.deepEqual([why, error?.code, errors], ["error", "SOURCE_FAILED", [error?.message]]);
  assert.match(errors[0]!, /identity0 failed/);
  await assert.rejects(allOf(framesOf(app.pipeline.cameras.get("t1")!, never())), {
    code: "SOURCE_FAILED",
  });
});

test("a pipeline that agrees on no format, gives no frame, or cannot be run, is refused in one sentence", {
  timeout,
}, async () => {
  const refused = (text: string, code: string, message: RegExp, options = {}) =>
    assert.rejects(Pipeline.run(text, options), { code, message });
  await refused(
    "videotestsrc ! video/x-raw,format=I420 ! identity ! video/x-raw,format=RGB ! tee name=t1 t1. ! fakesink",
    "SOURCE_FAILED",
    /agree on a format|not-negotiated|cannot|could not/i,
  );
  const silent =
    "appsrc ! video/x-raw,format=I420,width=64,height=48,framerate=1/1 ! autovideosink";
  await refused(silent, "SOURCE_FAILED", /gave no frame for \d/, { startMs: 1000 });
  await refused("nosuchsrc ! autovideosink", "PROGRAM_MISSING", /no element 'nosuchsrc'/);
  await refused("videotestsrc pattern={pattern} ! fakesink", "BAD_ARGUMENT", /'pattern'/);
  await refused("", "BAD_CONFIG", /empty/);
});

test("a pipeline without pictures for us is run all the same, and writes its file", {
  timeout,
}, async () => {
  const file = join(mkdtempSync(join(tmpdir(), "thingscope-run-")), "raw.yuv");
  const app = await Pipeline.run(`${SHORT},format=I420 ! filesink location=${file}`, {
    background: false,
  });
  assert.equal(app.cameras.size, 0);
  assert.equal(statSync(file).size, 20 * 64 * 48 * 1.5);
});

test("a signal stops it, also one that has aborted before", { timeout }, async () => {
  const stopping = new AbortController();
  const app = await Pipeline.run(ONE_TEE, { signal: stopping.signal });
  stopping.abort();
  assert.deepEqual(await app.ended, { why: "stopped" });
  const stopped = await Pipeline.run(ONE_TEE, { signal: AbortSignal.abort() });
  assert.deepEqual(await stopped.ended, { why: "stopped" });
});

test("a pipeline that hangs while it plays is ended, with the reason", { timeout }, async () => {
  const app = await Pipeline.run(ONE_TEE);
  for (let n = 0; n < 10; n++) await app.cameras.get("t1")!.nextFrame();
  process.kill(app.pipeline.pid!, "SIGSTOP");
  const { why, error } = await app.ended;
  assert.equal(why, "error");
  assert.match(error!.message, /gave no frame for \d.* and was ended/);
});

test("a flood of error output is bounded, and delays no frame", { timeout }, async () => {
  const flood = "i=0; while :; do printf 'a line of noise %s\\n' $i >&2; i=$((i+1)); done";
  const picture = "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=30/1";
  const script = `(${flood}) & exec gst-launch-1.0 -q ${picture} ! jpegenc ! fdsink fd=1`;
  await using app = await Pipeline.run({ pipeline: ["/bin/sh", "-c", script] });
  const camera = app.cameras.get("camera")!;
  for (let n = 0; n < 30; n++) await camera.nextFrame();
  const { errorLines } = app.pipeline.state;
  assert.equal(errorLines.length <= 21, true);
  assert.match(errorLines.at(-2)!, /a line of noise/);
});

test("the end of a pipeline closes the files that recorders write of its tees, at once", {
  timeout,
}, async () => {
  const text = SHORT.replace("=20", "=90");
  const app = await Pipeline.run(`${text} ! tee name=t1 t1. ! fakesink`);
  const folder = dirname(await newPath());
  const subjects = [
    { pipeline: app.pipeline, srcTeeName: "t1" },
    { camera: app.cameras.get("t1")! },
  ];
  for (const path of await Promise.all(subjects.map(closedFile))) {
    const { ok, sentence, frames } = await verifyRecording(path);
    assert.ok(ok && frames > 0, sentence);
    assert.match(sentence, /the camera stopped/);
  }

  async function closedFile(subject: (typeof subjects)[number], n: number): Promise<string> {
    const filenameGenerator = () => join(folder, `end${n}.mkv`);
    await using recorder = new VideoRecorder({ ...subject, filenameGenerator, windowSizeSec: 30 });
    return await new Promise<string>((resolve, reject) => {
      recorder.record({ maxDelaySec: 10, onVideoFinished: resolve }).catch(reject);
    });
  }
});

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function never(): AbortSignal {
  return new AbortController().signal;
}
