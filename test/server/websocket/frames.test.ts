import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera, type FrameSource } from "thingscope";
import { inspectJpeg } from "../../../src/frames/jpeg/jpeg.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { served } from "../thing-bench.ts";
import { framesClient } from "./frames-client.ts";
import { TwoStreams, twoStreams } from "./two-streams.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(320, 240);

test("the first message says which pages there are and what time it is, and a second later it is told again", {
  timeout,
}, async (t) => {
  const { url } = await twoStreams(t);
  const { now } = await (await framesClient(t, url)).heartbeat();
  assert.equal(typeof now, "number");
});

test("a stream is sent one frame at a time: the next when it was taken, and the newest by then", {
  timeout,
}, async (t) => {
  const { url, live, metric } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(7, "camera/live");
  await client.status(7, "opening");
  assert.equal(live.stats.viewers, 1);
  const { run, capturedAt } = live.addFrame(JPEG);
  const first = await client.frame();
  assert.deepEqual(
    { ...first, jpeg: undefined },
    {
      ...{ id: 7, run, index: 0, capturedAt, width: 320, height: 240 },
      ...{ size: JPEG.length, jpeg: undefined },
    },
  );
  assert.deepEqual(first.jpeg, Buffer.from(JPEG));
  for (let n = 0; n < 5; n++) live.addFrame(JPEG);
  await client.heartbeat();
  assert.equal(client.waiting, 0);
  client.taken(7);
  assert.equal((await client.frame()).index, 5);
  assert.deepEqual([live.stats.sentFrames, live.stats.skippedFrames], [2, 4]);
  const skips = await metric('thingscope_slow_readers_total{reader="frames_socket"');
  assert.match(skips.join(), /outcome="newest"} [4-9]/);
  client.say({ unsubscribe: 7 });
  await eventually(() => live.stats.viewers === 0 && live.demand.count === 0);
});

test("streams over one socket do not wait for each other", { timeout }, async (t) => {
  const { url, thing } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live");
  client.subscribe(2, "camera/other");
  await client.status(2, "opening");
  thing.live.addFrame(JPEG);
  await client.frame();
  thing.live.addFrame(JPEG);
  thing.other.addFrame(JPEG);
  assert.deepEqual([(await client.frame()).id, client.waiting], [2, 0]);
  client.taken(2, 1); // in one message
  assert.deepEqual([(await client.frame()).id], [1]);
});

test("a stream is given in the width, quality and rate that were asked for, and what it is a smaller one of is told", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live", { width: 160, quality: 40, fps: 100 });
  await client.status(1, "opening");
  live.addFrame(JPEG);
  const frame = await client.frame();
  assert.deepEqual([frame.index, frame.width, frame.height, frame.full], [0, 160, 120, [320, 240]]);
  assert.equal(inspectJpeg(frame.jpeg).width, 160);
  client.subscribe(1, "camera/live"); // the same id, otherwise: in its place
  assert.equal((await client.frame()).width, 320);
  assert.equal(live.stats.viewers, 1);
});

test("who comes gets the newest frame at once if it is fresh", { timeout }, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  const refresh = setInterval(() => live.addFrame(JPEG), 100);
  t.after(() => clearInterval(refresh));
  await eventually(() => live.lastFrameIndex > 0);
  client.subscribe(1, "camera/live");
  assert.ok((await client.frame()).index >= 1);
});

test("it counts as a viewer of its stream, and is refused as one where there are too many", {
  timeout,
}, async (t) => {
  const { url, thing } = await twoStreams(t);
  const [one, other] = [await framesClient(t, url), await framesClient(t, url)];
  one.subscribe(1, "camera/other");
  await one.status(1, "opening");
  other.subscribe(1, "camera/other");
  assert.equal((await other.problem()).code, "TOO_MANY_VIEWERS");
  assert.equal(thing.other.stats.refusedViewers, 1);
  one.socket.terminate();
  await eventually(() => thing.other.stats.viewers === 0);
  other.subscribe(1, "camera/other");
  await other.status(1, "opening");
});

test("a stream that stops says so, and its next run is followed, smaller too", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live");
  client.subscribe(2, "camera/live", { width: 160 });
  await client.status(2, "opening");
  live.addFrame(JPEG);
  await client.frame();
  await client.frame();
  client.taken(1, 2);
  live.showPlaceholder(JPEG, "The cable is out.");
  live.stop();
  const { status } = await client.status(2, "idle");
  assert.match(Object(status).reason, /The stream is stopped\. Start the camera/);
  live.reset();
  const { run } = live.addFrame(JPEG);
  const frames = [await client.frame(), await client.frame()];
  assert.deepEqual(
    frames.map((frame) => frame.run),
    [run, run],
  );
  assert.deepEqual(frames.map(({ id, width }) => [id, width]).sort(), [
    [1, 320],
    [2, 160],
  ]);
  assert.equal(live.stats.viewers, 2);
});

test("a Thing that leaves ends its subscriptions with the reason, and one that returns can be followed", {
  timeout,
}, async (t) => {
  const { url, host } = await twoStreams(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  await host.exchange(["camera"], async () => {});
  const gone = await client.problem();
  assert.deepEqual([gone.id, gone.status], [1, 503]);
  client.subscribe(1, "camera/live");
  assert.equal((await client.problem()).code, "NOT_FOUND");
  const again = new TwoStreams();
  await host.exchange([], async () => void host.add("camera", again));
  client.subscribe(1, "camera/live");
  await eventually(() => again.live.stats.viewers === 1);
  again.live.addFrame(JPEG);
  assert.equal((await client.frame()).id, 1);
});

/** It fails until it is plugged in. */
class Unplugged extends Camera {
  isPlugged = false;

  protected override get patience() {
    return { backOffMs: 600_000, longestBackOffMs: 600_000 };
  }

  protected override source(): FrameSource {
    const camera = this;
    return {
      async *frames() {
        if (!camera.isPlugged) throw new Error("The cable is out.");
        for (;;) {
          yield { jpeg: JPEG };
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    };
  }
}

test("a subscription starts the camera, hears why there are no frames, and gets them after a retry", {
  timeout,
}, async (t) => {
  const camera = new Unplugged();
  const { url } = await served(t, { camera });
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/mjpeg_stream");
  const { status } = await client.status(1, "failed");
  assert.match(Object(status).reason, /The cable is out\./);
  camera.isPlugged = true;
  await fetch(`${url}/camera/mjpeg_stream/retry`, {
    method: "POST",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  await client.frame();
  await client.status(1, "streaming");
});
