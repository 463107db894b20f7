import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { FrameSink, RunningSource } from "../../src/frames/frame-source.ts";
import { frameOrReason } from "../../src/streams/frame-or-reason.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { fed } from "./fed.ts";
import { picture } from "./pictures.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

/** A source that does what the test says: its present sink, and how often it was opened. */
class Puppet implements RunningSource {
  sink: FrameSink | undefined;
  opened = 0;
  /** Whether the last run was ended as a silent one. */
  wasSilent: boolean | undefined;

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    this.opened += 1;
    this.sink = sink;
    this.frames(6);
    await once(signal, "abort");
    this.wasSilent = sink.isSilent;
  }

  frames(count: number): void {
    for (let n = 0; n < count; n++) this.sink?.take({ jpeg: picture(n) });
  }
}

/** A source that has stalled, a second after its last frame, and is opened again after `silenceMs`. */
async function stalled(silenceMs: number) {
  const source = new Puppet();
  const placeholder = (reason: string) => picture(reason.length);
  const all = fed(source, { keepWarm: true, silenceMs, placeholder });
  await eventually(() => all.stream.placeholder !== undefined);
  assert.equal(all.feeding.state, "stalled");
  return { ...all, source };
}

test("a source that answers again without a new frame has not stalled any more, and its viewers see its picture again", {
  timeout,
}, async (t) => {
  const { stream, feeding, source, states } = await stalled(3_600_000);
  t.after(() => feeding.stop());
  const shown = { ...stream.viewers.stats };
  let told = 0;
  t.after(stream.onPlaceholder(() => told++));
  source.sink?.alive?.();
  assert.deepEqual(
    [feeding.state, feeding.reason, stream.placeholder],
    ["streaming", undefined, undefined],
  );
  assert.deepEqual([told, shown.viewers, source.opened], [1, 0, 1]);
  source.sink?.alive?.();
  assert.equal(told, 1, "and that is told once");
  source.frames(1);
  assert.deepEqual(
    [stream.lastFrameIndex, stream.stats.outages, states.length],
    [6, 1, 4],
    `the same run goes on: ${states}`,
  );
});

test("who waits for a frame while the source has stalled gets the one that comes; one that is opened again in vain is told", {
  timeout,
}, async (t) => {
  const { stream, feeding, source } = await stalled(2500);
  t.after(() => feeding.stop());
  const limits = { waitMs: WAIT_MS, signal: patience() };
  const waiting = frameOrReason(stream, limits, (signal) => stream.grab(signal));
  const held = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50))]);
  assert.equal(held, undefined, "it waits");
  source.frames(1);
  assert.equal((await waiting).index, 6);
  assert.equal(feeding.state, "streaming");
  await assert.rejects(
    frameOrReason(stream, limits, (signal) => stream.grab(signal)),
    { code: "NO_FRAME", message: /frames stopped coming for \d+\.\d s\. Check the camera/ },
  );
});

test("a stalled source that is to be tried now is opened again at once, as one that is silent, and that is no failure", {
  timeout,
}, async (t) => {
  const { stream, feeding, source, states } = await stalled(3_600_000);
  t.after(() => feeding.stop());
  const { run } = stream;
  stream.source.retry();
  stream.source.retry(); // it is tried already
  await eventually(() => source.opened === 2 && feeding.state === "streaming");
  assert.equal(source.wasSilent, true);
  assert.notEqual(stream.run, run);
  assert.deepEqual(
    states.map((state) => state.split(":")[0]),
    ["opening", "streaming", "stalled", "streaming"],
  );
  assert.equal(stream.stats.outages, 1);
});

test("a stalled source that nobody wants any more is ended, and stays stalled until it is wanted", {
  timeout,
}, async (t) => {
  const { stream, feeding, source } = await stalled(3_600_000);
  t.after(() => feeding.stop());
  feeding.keepWarm = false;
  await eventually(() => source.wasSilent !== undefined);
  assert.deepEqual([source.wasSilent, feeding.state, source.opened], [false, "stalled", 1]);
  const release = stream.demand.take();
  await eventually(() => feeding.state === "streaming");
  release();
});

test("a sender that says why its frames have stopped is quoted, and so it is when it is opened again", {
  timeout,
}, async (t) => {
  const source = new Puppet();
  const { stream, feeding, states } = fed(source, { keepWarm: true, silenceMs: 1500 });
  t.after(() => feeding.stop());
  await eventually(() => feeding.state === "streaming");
  source.sink?.stalled?.("The other side has no frames.");
  assert.equal(feeding.reason, "The other side has no frames.");
  await eventually(() => source.opened === 2 && feeding.state === "streaming");
  assert.deepEqual(states.slice(1, 3), ["streaming", "stalled: The other side has no frames."]);
  assert.match(
    states[3] ?? "",
    /^stalled: .* frames stopped coming for \d+\.\d s\. The other side has no frames\.$/,
  );
  assert.equal(stream.stats.outages, 1);
});

test("a sender that answers at once after it has said why is streaming, and its next silence is told as its own", {
  timeout,
}, async (t) => {
  const source = new Puppet();
  const { feeding } = fed(source, { keepWarm: true, silenceMs: 3_600_000 });
  t.after(() => feeding.stop());
  await eventually(() => feeding.state === "streaming");
  source.sink?.stalled?.("The other side has no frames.");
  source.sink?.alive?.();
  assert.deepEqual([feeding.state, feeding.reason], ["streaming", undefined]);
  await eventually(() => feeding.state === "stalled");
  assert.match(feeding.reason ?? "", /frames stopped coming/);
});

test("pictures that are refused do not end a stall, and are its reason", { timeout }, async (t) => {
  const source = new Puppet();
  const { feeding } = fed(source, { keepWarm: true, silenceMs: 3_600_000 });
  t.after(() => feeding.stop());
  await eventually(() => feeding.state === "streaming");
  source.sink?.take({ jpeg: Buffer.from("<html>") });
  await eventually(() => feeding.state === "stalled");
  assert.match(feeding.reason ?? "", /^All pictures of the source were refused for \d+\.\d s: /);
  source.sink?.take({ jpeg: Buffer.from("<html>") });
  assert.equal(feeding.state, "stalled");
});
