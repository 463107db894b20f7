import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGStream, stream, Thing } from "thingscope";
import { feed, type SourceRunner } from "thingscope/frames";
import { openTestHost, testFrames } from "thingscope/testing";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { eventually } from "../streams/watching.ts";
import { faultProxy } from "./fault-proxy.ts";
import { recordedCamera } from "./recorded-camera.ts";

const long = process.env.THINGSCOPE_LONG === "1";
const MBIT = 1e6 / 8;

test("F11: a viewer at 1 Mbit/s gets fewer frames, each newer than the last and as fresh as its line allows, and stays connected", {
  timeout: long ? 12 * 60_000 : TEST_MS,
}, async (t) => {
  // 30 frames a second of about 50 kB: twelve times what the line takes.
  const { port, stream } = await recordedCamera(t, { width: 1920, height: 1080 });
  const proxy = await faultProxy(t, port);
  proxy.bytesPerSecond = MBIT;
  const viewer = new HealthyViewer(proxy.port, "/camera/mjpeg_stream");
  await eventually(
    () => viewer.received >= (long ? 1000 : 12) && viewer.missed > 10,
    long ? 11 * 60_000 : WAIT_MS,
  );
  const bytes = stream.newest?.jpeg.length ?? 0;
  // On the way there are at most this frame, 16 KiB of the server's, and what two kernels hold of a connection.
  const mostMs = ((bytes + 16_384 + 2 * 131_072) / MBIT) * 1000;
  const worst = Math.max(...viewer.ages);
  t.diagnostic(
    `${viewer.received} frames of ${bytes} bytes, ${viewer.missed} skipped; oldest ${Math.round(worst)} ms, at most ${Math.round(mostMs)} ms`,
  );
  assert.equal(viewer.closed, false);
  assert.ok(worst <= mostMs * 1.5, `${worst} ms`);
});

/** A camera whose viewers are ended sooner than others' in the short form. */
class Watched extends Thing {
  @stream("Live") readonly live = new MJPEGStream({ stallMs: long ? 30_000 : 1000 });
  #feeding: SourceRunner | undefined;

  override open(): void {
    this.#feeding = feed(this.live, testFrames({ width: 640, height: 480 }), { keepWarm: true });
  }

  override async close(): Promise<void> {
    await this.#feeding?.stop();
  }
}

test("F14: a viewer whose peer has vanished without a word is ended by the server's own clock, and another notices nothing", {
  timeout: TEST_MS,
}, async (t) => {
  const bench = await openTestHost(Watched);
  t.after(() => bench.close());
  const port = Number(new URL(bench.origin).port);
  const proxy = await faultProxy(t, port);
  const vanishing = new HealthyViewer(proxy.port, "/thing/live");
  const healthy = new HealthyViewer(port, "/thing/live");
  await eventually(() => vanishing.received > 3 && healthy.received > 3);
  const start = performance.now();
  proxy.blackhole();
  await eventually(() => bench.thing.live.stats.viewers === 1);
  const seconds = (performance.now() - start) / 1000;
  t.diagnostic(
    `freed after ${seconds.toFixed(1)} s; the other missed ${healthy.missed} of ${healthy.received}`,
  );
  assert.equal(healthy.closed, false);
  if (long) assert.ok(seconds <= 45, `${seconds} s`);
});
