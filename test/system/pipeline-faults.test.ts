import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { programVersion } from "../../src/processes/programs.ts";
import { Pipeline } from "../../src/sources/pipeline.ts";
import {
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "../../src/sources/pipeline-command.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import type { SourcePhase } from "../../src/streams/source-state.ts";
import { TEST_MS } from "../limits.ts";
import { childrenOf, ONE_TEE, run, TWO_TEES } from "./pipelines.ts";

const folder = mkdtempSync(join(tmpdir(), "thingscope-pipeline-"));
const timeout = TEST_MS;
const isLong = process.env.THINGSCOPE_LONG === "1";
const CRASHES = isLong ? 100 : 5;
const STALLS = isLong ? 50 : 1;

before(async () => {
  await programVersion("gst-launch-1.0");
  await programVersion("ffmpeg");
});

/** A camera's stream, fed by the pipeline for as long as the test runs, and a function that waits for a state. */
async function watch(text: PipelineText, silenceMs?: number) {
  const stallMs = silenceMs && Number.POSITIVE_INFINITY; // what feeds the stream watches it
  const patience = silenceMs === undefined ? {} : { silenceMs };
  const pipeline = new Pipeline(await pipelineCommand(text), { stallMs });
  const source = [...pipeline.cameras.values()][0];
  assert.ok(source);
  const stream = new MJPEGStream();
  let heard = () => {};
  const feeding = feed(stream, source, { ...patience, keepWarm: true, onState: () => heard() });
  const until = async (...states: SourcePhase[]): Promise<number> => {
    while (!states.includes(feeding.state)) await new Promise<void>((resolve) => (heard = resolve));
    return performance.now();
  };
  return { pipeline, stream, feeding, until };
}

test("a killed program is seen and healed, again and again, and leaves no zombie and no descriptor", {
  timeout: CRASHES * timeout,
}, async () => {
  const { pipeline, stream, feeding, until } = await watch({ pipeline: ONE_TEE });
  const descriptors = () => readdirSync("/proc/self/fd").length;
  await until("streaming");
  const before = descriptors();
  const runs = new Set([stream.run]);
  for (let crash = 1; crash <= CRASHES; crash++) {
    const killedAt = performance.now();
    assert.ok(pipeline.pid);
    process.kill(pipeline.pid, "SIGKILL");
    assert.ok((await until("failed")) - killedAt < 2000);
    assert.match(feeding.reason ?? "", /was ended by SIGKILL/);
    assert.ok((await until("streaming")) - killedAt < 3000);
    assert.equal(pipeline.state.restarts, crash);
    runs.add(stream.run);
  }
  assert.equal(runs.size, CRASHES + 1, "each start is a new run");
  assert.equal(childrenOf().length, 1);
  assert.ok(descriptors() <= before + 1);
  await feeding.stop();
  assert.deepEqual(childrenOf(), []);
});

test("a program that hangs is killed and started again", {
  timeout: STALLS * timeout,
}, async () => {
  const { pipeline, stream, feeding, until } = await watch({ pipeline: ONE_TEE });
  await until("streaming");
  for (let stall = 1; stall <= STALLS; stall++) {
    for (let n = 0; n < 10; n++) await stream.nextFrame();
    assert.ok(pipeline.pid);
    process.kill(pipeline.pid, "SIGSTOP");
    const stoppedAt = performance.now();
    assert.ok((await until("stalled", "failed")) - stoppedAt < 2000);
    assert.match(feeding.reason ?? "", /silent|gave no frame/);
    assert.ok((await until("streaming")) - stoppedAt < 4000);
    assert.equal(pipeline.state.restarts, stall);
  }
  await feeding.stop();
  assert.deepEqual(childrenOf(), []);
});

test("a program that is stopped for less than its silence may last has stalled, and goes on where it is continued", {
  timeout,
}, async () => {
  const { pipeline, stream, feeding, until } = await watch({ pipeline: ONE_TEE }, 3_600_000);
  await until("streaming");
  const { run: before } = stream;
  for (let stall = 1; stall <= 2; stall++) {
    for (let n = 0; n < 10; n++) await stream.nextFrame();
    const { pid } = pipeline;
    assert.ok(pid);
    process.kill(pid, "SIGSTOP");
    await until("stalled");
    assert.match(
      feeding.reason ?? "",
      /frames stopped coming for .* It is opened again after 3600\.0 s/,
    );
    process.kill(pid, "SIGCONT");
    await until("streaming");
    assert.deepEqual([pipeline.pid, pipeline.state.restarts, stream.run], [pid, 0, before]);
    assert.equal(stream.stats.outages, stall);
  }
  assert.ok(pipeline.pid);
  process.kill(pipeline.pid, "SIGSTOP");
  await until("stalled");
  stream.source.retry(); // it does not hear signals: it is killed, and another one begins
  await until("streaming");
  assert.notEqual(stream.run, before);
  assert.equal(childrenOf().length, 1);
  await feeding.stop();
  assert.deepEqual(childrenOf(), []);
});

test("of two cameras of one program each is told of its end, and both come back", {
  timeout,
}, async () => {
  const pipeline = new Pipeline(await pipelineCommand({ pipeline: TWO_TEES }));
  const streams = [...pipeline.cameras.values()].map((source) => {
    const stream = new MJPEGStream();
    return { stream, feeding: feed(stream, source, { keepWarm: true }) };
  });
  const indices = () => Promise.all(streams.map(({ stream }) => stream.nextFrame()));
  await indices();
  assert.ok(pipeline.pid);
  process.kill(pipeline.pid, "SIGKILL");
  while (streams.some(({ feeding }) => feeding.state !== "failed")) await delay(5);
  await indices();
  assert.equal(childrenOf().length, 1);
  await Promise.all(streams.map(({ feeding }) => feeding.stop()));
  assert.deepEqual(childrenOf(), []);
});

test("a missing element, program, file or device is named in one sentence", {
  timeout,
}, async () => {
  const reasonOf = async (pipeline: string) => {
    const { pipeline: running } = await run({ pipeline });
    const failed = new Promise<string>((resolve) => {
      running.onState(({ phase, reason }) => phase === "failed" && resolve(reason ?? ""));
    });
    const letGo = running.hold();
    const reason = await failed;
    await letGo();
    return reason;
  };
  assert.match(
    await reasonOf("videotestsrc ! nosuchelement ! autovideosink"),
    /^GStreamer has no element 'nosuchelement'\. [^.]+\.$/,
  );
  assert.match(
    await reasonOf("filesrc location=/no/such ! decodebin ! autovideosink"),
    /filesrc0 failed: Resource not found\. No such file "\/no\/such"\./,
  );
  assert.match(
    await reasonOf("v4l2src device=/dev/video99 ! autovideosink"),
    /v4l2src0 failed: Cannot identify device '\/dev\/video99'\. system error: No such file/,
  );
  assert.match(
    await reasonOf("videotestsrc pattern=nosuch ! autovideosink"),
    /could not set property "pattern"/,
  );
  assert.match(
    await reasonOf("ffmpeg -i /no/such.mp4 -f mjpeg -"),
    /^ffmpeg ended: \/no\/such.mp4: No such file or directory\.$/,
  );
  assert.match(await reasonOf("/no/such/program"), /'\/no\/such\/program' is not installed/);
  const command = await pipelineCommand({
    pipeline: "videotestsrc ! nosuchelement ! autovideosink",
  });
  await assert.rejects(requireInstalled(command), {
    code: "PROGRAM_MISSING",
    message: /'nosuchelement'/,
  });
});

test("what a value would inject does not run, and without the check it would", {
  timeout,
}, async () => {
  const written = join(folder, "injected");
  const injected = `0\t!\tfakesink\tvideotestsrc\tnum-buffers=1\t!\tfilesink\tlocation=${written}\tvideotestsrc\tnum-buffers=1`;
  const text = "videotestsrc num-buffers=1 pattern={pattern} ! fakesink";
  await assert.rejects(pipelineCommand({ pipeline: text, parameters: { pattern: injected } }), {
    code: "BAD_ARGUMENT",
  });
  assert.equal(existsSync(written), false);
  execFileSync(
    "gst-launch-1.0",
    [
      "-q",
      ...text
        .replace("{pattern}", "\n")
        .split(" ")
        .map((word) => word.replace("\n", injected)),
    ],
    { stdio: "ignore" },
  );
  assert.equal(
    existsSync(written),
    true,
    "GStreamer takes a tab for a blank: an argument list alone protects nothing",
  );
});
