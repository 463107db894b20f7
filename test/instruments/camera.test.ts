import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  Camera,
  delay,
  type FrameSource,
  now,
  ThingError,
  ThingHost,
  ThingServer,
} from "thingscope";
import { encodeJpeg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import type { Measurements } from "../../src/instruments/measurements.ts";
import type { Health } from "../../src/server/monitoring/health.ts";
import { streamHealthOf } from "../../src/server/streams/health.ts";
import { noFramesPicture } from "../../src/streams/no-frames-picture.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { eventually, Watcher } from "../streams/watching.ts";

const timeout = TEST_MS;

/** A camera that is unplugged and plugged in by the test. */
class Unsteady extends Camera {
  plugged = true;
  startsAfterMs = 0;
  unplugged: () => Error = () => new Error("The cable of 'left' came out.");
  readonly #jpeg: Uint8Array;

  constructor(jpeg: Uint8Array) {
    super();
    this.#jpeg = jpeg;
  }

  protected override source(): FrameSource {
    const camera = this;
    const jpeg = this.#jpeg;
    return {
      async *frames(signal) {
        await delay(camera.startsAfterMs, signal);
        while (!signal.aborted) {
          if (!camera.plugged) throw camera.unplugged();
          yield { jpeg };
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      },
    };
  }
}

async function serve(t: TestContext) {
  const blank = {
    data: new Uint8Array(320 * 240 * 3),
    width: 320,
    height: 240,
    channels: 3 as const,
  };
  const camera = new Unsteady(await encodeJpeg(blank));
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  const server = new ThingServer(host);
  t.after(() => server.close());
  return { camera, ...(await server.listen({ port: 0 })) };
}

test("viewers of a camera that is unplugged are shown why, in the frames' size, until frames come again", {
  timeout,
}, async (t) => {
  const { camera, url, port } = await serve(t);
  for (const path of ["/camera/mjpeg_stream", "/camera/lores_mjpeg_stream"]) {
    camera.plugged = true;
    const viewer = new Watcher(port, path);
    await viewer.until(() => viewer.parts.some(({ headers }) => headers.has("x-frame-index")));
    const unplugged = new Elapsed();
    camera.plugged = false;
    await viewer.until(() => viewer.parts.at(-1)?.headers.has("x-placeholder") === true);
    assert.ok(unplugged.ms < 2000);
    const { headers, jpeg } = viewer.parts.at(-1)!;
    assert.equal(headers.get("x-placeholder"), "The cable of 'left' came out.");
    assert.equal(headers.get("x-frame-index"), undefined);
    assert.deepEqual([inspectJpeg(jpeg).width, inspectJpeg(jpeg).height], [320, 240]);
    assert.equal(camera.state.state, "failed");

    const refused = await fetch(`${url}${path}/snapshot?wait=0.1&fresh=1`);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /The cable of 'left' came out/);

    const plugged = new Elapsed();
    camera.plugged = true;
    await viewer.until(() => viewer.parts.at(-1)?.headers.has("x-frame-index") === true);
    assert.ok(plugged.ms < 3000);
    viewer.socket.destroy();
  }
  await eventually(() => camera.mjpeg_stream.demand.count === 0);
});

test("who asks for a picture of a camera that cannot start is told its reason at once, and again while it rests", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  camera.plugged = false;
  for (const path of ["mjpeg_stream/snapshot", "snapshot", "mjpeg_stream_frame"]) {
    const elapsed = new Elapsed();
    const answers = await Promise.all([1, 2].map(() => fetch(`${url}/camera/${path}`)));
    assert.ok(elapsed.ms < 4000, "it did not wait for 5 s");
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      assert.match(((await answer.json()) as { detail: string }).detail, /came out/);
    }
  }
  await eventually(() => camera.mjpeg_stream.demand.count === 0);
  assert.equal(camera.state.state, "failed", "also when nobody looks");
  camera.plugged = true;
  const retried = await fetch(`${url}/camera/lores_mjpeg_stream/retry`, { method: "POST" });
  const { since, ...status } = (await retried.json()) as { since: string };
  assert.deepEqual([retried.status, status], [200, { state: "streaming" }]);
  assert.match(since, /^\d{4}-\d\d-\d\dT.*Z$/);
});

test("a source that failed is told in one sentence everywhere, also when nobody looks, until it gives frames", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  const json = async (path: string) => (await fetch(url + path)).json();
  camera.plugged = false;
  await fetch(`${url}/camera/mjpeg_stream/snapshot`);
  await eventually(() => camera.mjpeg_stream.demand.count === 0);
  const { since } = camera.state;
  const status = { state: "failed", reason: "The cable of 'left' came out.", since };
  assert.deepEqual(await json("/camera/state"), status);
  assert.deepEqual(await json("/camera/mjpeg_stream/state"), status);
  assert.deepEqual(await json("/camera/lores_mjpeg_stream/state"), status);
  assert.equal(await json("/camera/stream_active"), false);
  const health = (await json("/health")) as Health;
  assert.equal(health.status, "degraded");
  assert.deepEqual(health.reasons, [`Thing 'camera' delivers no frames: ${status.reason}`]);
  const { state, reason, streams } = health.things.camera!;
  assert.deepEqual({ state, reason, since }, status);
  assert.equal(streams.mjpeg_stream?.reason, status.reason);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^thingscope_thing_open\{thing="camera"\} 0$/m);
  assert.match(
    metrics,
    /^thingscope_stream_fault\{thing="camera",stream="mjpeg_stream",state="failed",reason="The cable of 'left' came out."\} 1$/m,
  );
  camera.plugged = true;
  await fetch(`${url}/camera/mjpeg_stream/retry`, { method: "POST" });
  assert.equal((await fetch(`${url}/camera/mjpeg_stream/snapshot`)).status, 200);
  assert.equal(((await json("/health")) as Health).status, "ok");
  assert.match(
    await (await fetch(`${url}/metrics`)).text(),
    /^thingscope_stream_state\{thing="camera",stream="mjpeg_stream",state="streaming"\} 1$/m,
  );
});

test("a camera whose device is not there is disconnected, and each change of state is an event with its time", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  const told: { state: string; reason?: string; since: string }[] = [];
  t.after(camera.state_changed.on((state) => told.push(state)));
  camera.unplugged = () => new ThingError("DISCONNECTED", "'left' is not there. Plug it in.");
  const release = camera.mjpeg_stream.demand.take();
  await eventually(() => camera.state.state === "streaming");
  camera.plugged = false;
  await eventually(() => camera.state.state === "disconnected");
  const health = (await (await fetch(`${url}/health`)).json()) as Health;
  assert.equal(health.things.camera?.state, "disconnected");
  assert.deepEqual(health.reasons, [
    "Thing 'camera' delivers no frames: 'left' is not there. Plug it in.",
  ]);
  assert.match(
    await (await fetch(`${url}/metrics`)).text(),
    /^thingscope_stream_state\{thing="camera",stream="lores_mjpeg_stream",state="disconnected"\} 1$/m,
  );
  camera.unplugged = () => new Error("The lens fell off.");
  await eventually(() => camera.state.reason === "The lens fell off.");
  camera.plugged = true;
  await eventually(() => camera.state.state === "streaming");
  release();
  assert.deepEqual(
    told.map(({ state, reason }) => [state, reason]),
    [
      ["opening", undefined],
      ["streaming", undefined],
      ["disconnected", "'left' is not there. Plug it in."],
      ["failed", "The lens fell off."],
      ["streaming", undefined],
    ],
  );
  const times = told.map(({ since }) => Date.parse(since));
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("a camera that runs and is slow is not told as idle while nobody looks", {
  timeout,
}, async (t) => {
  const { camera } = await serve(t);
  await camera.mjpeg_stream.grab();
  assert.equal(camera.mjpeg_stream.demand.count, 0);
  const open = { state: "open", reason: undefined, since: 0 } as const;
  const later = now() + 100_000;
  const { state, running } = streamHealthOf(camera.mjpeg_stream, open, later);
  assert.deepEqual([state, running], ["streaming", false]);
  const lores = streamHealthOf(camera.lores_mjpeg_stream, open, later);
  assert.equal(lores.state, "idle", "it is made of the other, for nobody");
});

test("a picture of a camera that is slow to start is waited for, longer than 5 s", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  camera.startsAfterMs = 5500;
  const [one, other] = await Promise.all([
    fetch(`${url}/camera/snapshot`),
    fetch(`${url}/camera/mjpeg_stream/snapshot`),
  ]);
  assert.deepEqual([one.status, other.status], [200, 200], one.ok ? "" : await one.text());
});

test("the picture that says why has no more than 1280 columns, and takes any reason and size", {
  timeout,
}, async () => {
  const size = async (reason: string, frame?: { width: number; height: number }) => {
    const { width, height } = inspectJpeg(await noFramesPicture(reason, frame));
    return [width, height];
  };
  assert.deepEqual(await size("", undefined), [640, 480]);
  assert.deepEqual(await size("Why?", { width: 4000, height: 3000 }), [1280, 960]);
  assert.deepEqual(await size("x".repeat(5000), { width: 16, height: 16 }), [16, 16]);
  assert.deepEqual(await size("a b ".repeat(500), { width: 1, height: 1 }), [1, 1]);
});

test("measurements tell rate, age, jitter, bytes and losses, and observers hear of them once a second", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  const told: number[] = [];
  const answer = await fetch(`${url}/camera/measurements`, {
    headers: { Accept: "text/event-stream" },
  });
  const release = camera.mjpeg_stream.demand.take();
  const begun = performance.now();
  for await (const piece of answer.body!) {
    const text = new TextDecoder().decode(piece);
    if (/^data:.*"rate"/m.test(text)) told.push(performance.now() - begun);
    if (told.length === 3) break;
  }
  assert.ok(told[2]! >= 1900, `${told}`);
  const read = await fetch(`${url}/camera/measurements`);
  const values = (await read.json()) as Measurements;
  assert.ok(values.rate > 0 && values.age! < 2 && values.jitter! >= 0, JSON.stringify(values));
  assert.ok(values.bytes_per_second > 100);
  assert.deepEqual([values.refused, values.lost, values.outages], [0, 0, 0]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string) =>
    Number(
      new RegExp(
        `^thingscope_stream_${name}{thing="camera",stream="mjpeg_stream"} (\\S+)$`,
        "m",
      ).exec(metrics)?.[1],
    );
  assert.ok(metric("jitter_seconds") >= 0);
  assert.ok(metric("bytes_total") > 1000);
  release();
});
