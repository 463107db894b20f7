import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Camera, delay, type FrameSource, ThingHost, ThingServer } from "thingscope";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { encodeJpeg } from "../../src/frames/pixels/codec.ts";
import type { Health } from "../../src/server/monitoring/health.ts";
import { noFramesPicture } from "../../src/streams/no-frames-picture.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { eventually, Watcher } from "../streams/watching.ts";

const timeout = TEST_MS;

/** A camera that is unplugged and plugged in by the test. */
class Unsteady extends Camera {
  plugged = true;
  startsAfterMs = 0;
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
          if (!camera.plugged) throw new Error("The cable of 'left' came out.");
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
  assert.deepEqual([retried.status, await retried.json()], [200, { state: "live" }]);
});

test("a source that failed is told in one sentence everywhere, also when nobody looks, until it gives frames", {
  timeout,
}, async (t) => {
  const { camera, url } = await serve(t);
  const json = async (path: string) => (await fetch(url + path)).json();
  camera.plugged = false;
  await fetch(`${url}/camera/mjpeg_stream/snapshot`);
  await eventually(() => camera.mjpeg_stream.demand.count === 0);
  const status = { state: "failed", reason: "The cable of 'left' came out." };
  assert.deepEqual(await json("/camera/state"), status);
  assert.deepEqual(await json("/camera/mjpeg_stream/state"), status);
  assert.deepEqual(await json("/camera/lores_mjpeg_stream/state"), status);
  assert.equal(await json("/camera/stream_active"), false);
  const health = (await json("/health")) as Health;
  assert.equal(health.status, "degraded");
  assert.deepEqual(health.reasons, [`Thing 'camera' delivers no frames: ${status.reason}`]);
  const { state, reason, streams } = health.things.camera!;
  assert.deepEqual({ state, reason }, status);
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
    /^thingscope_stream_state\{thing="camera",stream="mjpeg_stream",state="live"\} 1$/m,
  );
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
