import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { delay } from "../../src/base/abort.ts";
import { logTo } from "../../src/base/log.ts";
import type { FrameSink, RunningSource, SourceFrame } from "../../src/frames/frame-source.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { TEST_MS } from "../limits.ts";
import { Camera, fed } from "./fed.ts";
import { picture } from "./pictures.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

test("a source runs while frames are wanted, and a little longer", { timeout }, async (t) => {
  const camera = new Camera();
  const { stream, feeding, states } = fed(camera);
  t.after(() => feeding.stop());
  await setImmediate(); // what is begun at once opens within this turn
  assert.equal(camera.opened, 0);
  await stream.grab();
  await stream.grab();
  assert.deepEqual([camera.opened, feeding.state], [1, "streaming"]);
  await eventually(() => camera.open === 0);
  await eventually(() => feeding.state === "idle");
  assert.deepEqual(states, ["opening", "streaming", "idle"]);
});

test("each start is a new run", { timeout }, async (t) => {
  const camera = new Camera();
  const { stream, feeding } = fed(camera);
  t.after(() => feeding.stop());
  const first = await stream.grab();
  await eventually(() => feeding.state === "idle");
  const second = await stream.grab();
  assert.notEqual(second.run, first.run);
  assert.equal(second.index, 0);
});

test("a source that is kept warm runs for nobody, until it need not", { timeout }, async () => {
  const camera = new Camera();
  const { stream, feeding } = fed(camera, { keepWarm: true });
  await eventually(() => stream.lastFrameIndex > 3);
  feeding.keepWarm = false;
  await eventually(() => camera.open === 0);
  feeding.keepWarm = true;
  await eventually(() => camera.open === 1);
  await feeding.stop();
  assert.deepEqual([camera.open, feeding.state], [0, "idle"]);
});

test("a source that ends by itself has failed", { timeout }, async () => {
  const { feeding, states } = fed({ async *frames() {} }, { keepWarm: true });
  await eventually(() => states.includes("failed: The source ended by itself."));
  await feeding.stop();
});

test("a source that was stopped, but not by its stream, has ended by itself and not 'been aborted'", {
  timeout,
}, async () => {
  const stopped = AbortSignal.abort();
  const stage = {
    async *frames(): AsyncGenerator<SourceFrame> {
      yield { jpeg: picture(1) };
      await delay(1, stopped);
    },
  };
  const warned: string[] = [];
  const log = logTo((_, said) => warned.push(said));
  const { stream, feeding, states } = fed(stage, { keepWarm: true, log });
  await eventually(() => warned.length > 0);
  await feeding.stop();
  assert.equal(states[2], "failed: The source ended by itself.");
  assert.equal(warned[0], "No frames: The source ended by itself.");
  assert.ok(stream.stats.outages > 0);
});

test("a source that never lets go does not hold up the end", { timeout }, async () => {
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (line: string) => lines.push(line) };
  const deaf = {
    async *frames(): AsyncGenerator<SourceFrame> {
      yield { jpeg: picture(0) };
      await new Promise(() => {});
    },
  };
  const { stream, feeding } = fed(deaf, { keepWarm: true, log });
  await eventually(() => stream.lastFrameIndex === 0);
  await feeding.stop();
  assert.match(lines[0]!, /did not end when it was told to/);
});

test("bad frames are passed over, and the source goes on", { timeout }, async (t) => {
  const { stream, feeding } = fed({
    async *frames(signal: AbortSignal) {
      for (let n = 0; !signal.aborted; n++) {
        yield { jpeg: n % 2 ? picture(n) : Buffer.from("<html>") };
        await delay(2, signal);
      }
    },
  });
  t.after(() => feeding.stop());
  await stream.frameAt(5);
  assert.ok(stream.stats.refused.corrupt >= 5);
});

test("feeding starts a stopped stream", { timeout }, async () => {
  const camera = new Camera();
  const { stream, feeding } = fed(camera);
  await stream.grab();
  stream.stop();
  await feeding.stop();
  const again = feed(stream, camera);
  assert.equal((await stream.grab()).index, 0);
  await again.stop();
});

test("a source that is run once stops its stream when it ends, and is not started again", {
  timeout,
}, async () => {
  let opened = 0;
  const film = {
    async *frames(): AsyncGenerator<SourceFrame> {
      opened += 1;
      for (let n = 0; n < 3; n++) yield { jpeg: picture(n) };
    },
  };
  const { stream, feeding, states } = fed(film, { once: true });
  const indices: number[] = [];
  stream.onFrame(({ index }) => indices.push(index));
  const waiting = stream.everyFrame();
  while (!(await waiting.next()).done);
  await feeding.ended;
  assert.deepEqual([indices, opened, stream.streaming], [[0, 1, 2], 1, false]);
  assert.deepEqual(states, ["opening", "streaming", "idle"]);
  await feeding.stop();
});

test("a source that is run once and fails stops its stream, and its reason is kept", {
  timeout,
}, async () => {
  const camera = new Camera();
  camera.fault = (n) => {
    if (n === 2) throw new Error("unplugged");
  };
  const { stream, feeding } = fed(camera, { once: true });
  for await (const _ of stream.frames());
  await feeding.ended;
  assert.deepEqual([camera.opened, feeding.state, feeding.reason], [1, "failed", "unplugged"]);
});

test("silence is expected until all who expect it have done: a mode that is changed, and a still", {
  timeout,
}, async (t) => {
  const sinks: FrameSink[] = [];
  const source: RunningSource = {
    async run(sink, signal) {
      sinks.push(sink);
      for (let n = 0; n < 9; n++) sink.take({ jpeg: picture(n) });
      await once(signal, "abort");
    },
  };
  const { feeding } = fed(source, { keepWarm: true, silenceMs: 60 });
  t.after(() => feeding.stop());
  await eventually(() => feeding.state === "streaming");
  const ends = [sinks[0]?.expectSilence?.(), sinks[0]?.expectSilence?.()];
  ends[0]?.();
  ends[0]?.(); // once more is none of the other's
  await sleep(300);
  assert.deepEqual([feeding.state, sinks.length], ["streaming", 1]);
  ends[1]?.();
  await eventually(() => feeding.state === "stalled" || sinks.length > 1);
});
