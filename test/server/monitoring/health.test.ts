import assert from "node:assert/strict";
import { test } from "node:test";
import { logTo, MJPEGStream, now } from "thingscope";
import { streamHealthOf } from "../../../src/server/streams/health.ts";
import { Elapsed } from "../../elapsed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { laboratory } from "../cameras.ts";
import { ask } from "../requests.ts";

test("health says what is wrong in sentences, and how each stream does", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, camera } = await laboratory(t);
  const health = async () => JSON.parse((await ask(port, { path: "/health" })).text);
  const { status, reasons, things, eventLoopDelay, memory } = await health();
  assert.equal(status, "degraded");
  assert.deepEqual(reasons, [
    "Thing 'stage' could not open: The stage does not answer. Plug it in.",
  ]);
  const { since } = things.camera;
  assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000, since);
  assert.deepEqual(things, {
    camera: {
      state: "open",
      since,
      streams: {
        live: {
          ...{ state: "idle", running: false, age: null, rate: 0, jitter: null },
          ...{ bytesPerSecond: 0, viewers: 0, demand: 0 },
        },
      },
    },
    stage: {
      ...{ state: "failed", reason: "The stage does not answer. Plug it in." },
      since: things.stage.since,
      streams: {},
    },
  });
  assert.deepEqual(Object.keys(eventLoopDelay), ["mean", "p99", "max", "starved"]);
  assert.ok(memory.rss > 1e6);
  const release = camera.live.demand.take();
  assert.deepEqual((await health()).reasons.slice(1), [
    "Stream 'live' of Thing 'camera' should deliver frames but has not yet.",
  ]);
  camera.live.addFrame(await jpegOf(64, 48));
  const { live } = (await health()).things.camera.streams;
  assert.equal(live.running, true);
  assert.ok(live.age >= 0 && live.age < 1);
  assert.equal((await health()).reasons.length, 1);
  release();
  const trouble = "The lamp of the camera is dark. Exchange it.";
  camera.context.troubled?.(trouble);
  const troubled = await health();
  assert.deepEqual([troubled.reasons[1], troubled.things.camera.troubles], [trouble, [trouble]]);
  assert.equal(troubled.things.camera.state, "open");
  camera.context.troubled?.(undefined);
  assert.ok(!("troubles" in (await health()).things.camera));
});

test("a stream's rate is that of its last seconds, and it is late by its own measure", async () => {
  const jpeg = await jpegOf(64, 48);
  const open = { state: "open", reason: undefined, since: 0 } as const;
  const start = now() - 200_000;
  const at30 = new MJPEGStream();
  for (let n = 0; n <= 300; n++) at30.addFrame(jpeg, { capturedAt: start + (n * 1000) / 30 });
  const after = (seconds: number) => streamHealthOf(at30, open, start + 10_000 + seconds * 1000);
  assert.equal(Math.round(after(0).rate), 30);
  assert.deepEqual(
    [after(1).running, after(2.1).running, after(2.1).age, after(5).rate],
    [true, false, 2.1, 0.2],
  );
  const each10s = new MJPEGStream();
  for (let n = 0; n <= 3; n++) each10s.addFrame(jpeg, { capturedAt: start + n * 10_000 });
  const slow = (seconds: number) => streamHealthOf(each10s, open, start + 30_000 + seconds * 1000);
  assert.deepEqual([slow(1).rate, slow(49).running, slow(51).running], [0.1, true, false]);
  each10s.stop();
  assert.equal(slow(0).running, false);
});

test("whoever blocks the event loop is named in the log within a second, and counted", {
  timeout: TEST_MS,
}, async (t) => {
  let tell: (message: string) => void = () => {};
  const warned = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const log = logTo((level, message) => {
    if (level === "warn" && message.includes("/camera/block")) tell(message);
  });
  const { url } = await laboratory(t, { log });
  const elapsed = new Elapsed();
  const invoked = fetch(`${url}/camera/block?secret=1`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"ms":800}',
  });
  const message = await warned;
  const heardMs = elapsed.ms;
  assert.equal((await invoked).status, 201);
  assert.match(
    message,
    /blocked for \d{3,} ms.* POST \/camera\/block, action 'block' of 'camera'\./,
  );
  assert.ok(
    heardMs < 800 + 1000 + 1000,
    "it comes within a second of the block, on a busy machine two",
  );
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^thingscope_event_loop_blocks_total [1-9]/m);
  const longest = /^thingscope_event_loop_delay_max_seconds (\S+)$/m.exec(metrics)?.[1];
  assert.ok(Number(longest) > 0.7, longest);
});
