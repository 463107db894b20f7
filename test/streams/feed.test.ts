import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { delay } from "../../src/base/abort.ts";
import { logTo } from "../../src/base/log.ts";
import type { SourceFrame } from "../../src/frames/frame-source.ts";
import type { FeedOptions } from "../../src/streams/feed-options.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

/** A camera that counts how often it is open. */
class Camera {
  opened = 0;
  open = 0;
  periodMs = 5;
  fault: (n: number) => void = () => {};

  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    this.opened += 1;
    this.open += 1;
    try {
      for (let n = 0; !signal.aborted; n++) {
        this.fault(n);
        yield { jpeg: picture(n) };
        await delay(this.periodMs, signal);
      }
    } finally {
      this.open -= 1;
    }
  }
}

function fed(
  camera: { frames(signal: AbortSignal): AsyncIterable<SourceFrame> },
  options: FeedOptions = {},
) {
  const states: string[] = [];
  const stream = new MJPEGStream();
  const feeding = feed(stream, camera, {
    lingerMs: 20,
    backOffMs: 10,
    onState: (state, reason) => states.push(reason ? `${state}: ${reason}` : state),
    ...options,
  });
  return { stream, feeding, states };
}

test("a source runs while frames are wanted, and a little longer", { timeout }, async (t) => {
  const camera = new Camera();
  const { stream, feeding, states } = fed(camera);
  t.after(() => feeding.stop());
  await sleep(20);
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

test("a source that fails is started again, says why, and shows a picture meanwhile", {
  timeout,
}, async (t) => {
  const camera = new Camera();
  camera.fault = (n) => {
    if (camera.opened === 1 && n === 2) throw new Error("The cable came out.");
  };
  const { stream, feeding, states } = fed(camera, {
    keepWarm: true,
    placeholder: async (reason) => picture(reason.length),
  });
  t.after(() => feeding.stop());
  await eventually(() => camera.opened === 2 && feeding.state === "streaming");
  assert.deepEqual(states, ["opening", "streaming", "failed: The cable came out.", "streaming"]);
  assert.equal(feeding.reason, undefined);
  assert.equal(stream.placeholder, undefined);
});

test("pauses between failures double", { timeout }, async () => {
  const times: number[] = [];
  const { feeding } = fed(
    {
      async *frames(): AsyncGenerator<SourceFrame> {
        times.push(performance.now());
        yield* [];
        throw new Error("Busy.");
      },
    },
    { keepWarm: true, backOffMs: 20 },
  );
  await eventually(() => times.length === 5);
  await feeding.stop();
  const pauses = times.slice(1).map((time, n) => time - times[n]!);
  for (const [n, pause] of pauses.entries()) assert.ok(pause >= 20 * 2 ** n - 2, `${pauses}`);
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

test("a source that fails again and again is logged ever more seldom, though it gives frames in between", {
  timeout,
}, async () => {
  const flapping = {
    async *frames(): AsyncGenerator<SourceFrame> {
      yield { jpeg: picture(1) };
      throw new Error("It broke off.");
    },
  };
  const warned: string[] = [];
  const log = logTo((_, said) => warned.push(said));
  const { stream, feeding } = fed(flapping, { keepWarm: true, backOffMs: 1, log });
  await eventually(() => stream.stats.outages >= 5);
  const { outages } = stream.stats;
  await feeding.stop();
  assert.equal(warned.length, 1 + Math.floor(Math.log2(outages)));
});

test("each time frames stopped is one outage, however many attempts it takes until they come again", {
  timeout,
}, async () => {
  let runs = 0;
  const flapping = {
    async *frames(): AsyncGenerator<SourceFrame> {
      runs += 1;
      if (runs % 3 === 1) yield { jpeg: picture(1) };
      throw new Error("It broke off.");
    },
  };
  const { stream, feeding } = fed(flapping, { keepWarm: true, backOffMs: 1 });
  await eventually(() => runs >= 7);
  assert.equal(stream.stats.outages, 2 + Number(feeding.state === "failed" && runs === 7));
  await feeding.stop();
});

test("a source that dies after its first frame is retried ever more seldom", {
  timeout,
}, async () => {
  const begun: number[] = [];
  const brief = {
    async *frames(): AsyncGenerator<SourceFrame> {
      begun.push(performance.now());
      yield { jpeg: picture(1) };
      throw new Error("It broke off.");
    },
  };
  const { feeding } = fed(brief, { keepWarm: true, backOffMs: 20 });
  await eventually(() => begun.length === 4);
  await feeding.stop();
  const pauses = begun.slice(1).map((at, n) => at - begun[n]!);
  for (const [n, pause] of pauses.entries()) assert.ok(pause >= 20 * 2 ** n - 2, `${pauses}`);
});

test("a source that falls silent is started again", { timeout }, async () => {
  const camera = new Camera();
  camera.fault = (n) => {
    camera.periodMs = camera.opened === 1 && n === 3 ? 3_600_000 : 5;
  };
  const { feeding, states } = fed(camera, { keepWarm: true, silenceMs: 200 });
  await eventually(() => camera.opened === 2 && feeding.state === "streaming");
  assert.match(
    states[2]!,
    /^stalled: The source is open but silent: frames stopped coming for 0.\d s/,
  );
  assert.equal(camera.open, 1);
  await feeding.stop();
});

test("a source without a first frame has failed, one that may be silent has not", {
  timeout,
}, async () => {
  const silent = {
    async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
      await delay(3_600_000, signal);
      yield* [];
    },
  };
  const { feeding, states } = fed(silent, { keepWarm: true, startMs: 100 });
  await eventually(() => states.some((state) => /no first frame came/.test(state)));
  await feeding.stop();

  const camera = new Camera();
  camera.periodMs = 400;
  const triggered = fed(camera, { keepWarm: true, silenceMs: 0 });
  await eventually(() => triggered.stream.lastFrameIndex === 2);
  assert.equal(camera.opened, 1);
  await triggered.feeding.stop();
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

test("a source whose pictures are all refused has failed, with the reason of the refusal", {
  timeout,
}, async (t) => {
  let isGood = false;
  const { feeding, states } = fed(
    {
      async *frames(signal: AbortSignal) {
        for (let n = 0; !signal.aborted; n++) {
          yield { jpeg: isGood && n < 3 ? picture(n) : Buffer.from("<html>") };
          await delay(2, signal);
        }
      },
    },
    { keepWarm: true, startMs: 100, silenceMs: 100 },
  );
  t.after(() => feeding.stop());
  await eventually(() => states.some((state) => /^failed: All pictures .* refused/.test(state)));
  isGood = true;
  await eventually(() => states.some((state) => /^stalled: All pictures .* refused/.test(state)));
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
