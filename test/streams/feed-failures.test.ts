import assert from "node:assert/strict";
import { test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { logTo } from "../../src/base/log.ts";
import type { SourceFrame } from "../../src/frames/frame-source.ts";
import { TEST_MS } from "../limits.ts";
import { Camera, fed } from "./fed.ts";
import { picture } from "./pictures.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

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

test("a source that gives nothing but what is no picture has failed after 2 s, however long it may take to start", {
  timeout,
}, async (t) => {
  const { feeding, states } = fed(
    {
      async *frames(signal: AbortSignal) {
        while (!signal.aborted) {
          yield { jpeg: Buffer.from("GIF89a") };
          await delay(20, signal);
        }
      },
    },
    { keepWarm: true, startMs: 3_600_000, silenceMs: 0 },
  );
  t.after(() => feeding.stop());
  await eventually(() => states.length > 1);
  assert.match(
    states[1] ?? "",
    /^failed: All pictures of the source were refused for 2\.\d s: .*47/,
  );
});
