import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { verifyRecording } from "thingscope/recording";
import { FaultyCamera, openTestHost } from "thingscope/testing";
import { Recorder } from "thingscope/things";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { memoryHeld } from "../memory.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { eventually } from "../streams/watching.ts";

// In CI for eight rounds after a warm-up; THINGSCOPE_SOAK_HOURS=24 for a day, with a recording each hour.
const hours = Number(process.env.THINGSCOPE_SOAK_HOURS ?? 0);
const WARM_UP = 3;
const ROUNDS = 8;
const FRAMES_A_ROUND = hours > 0 ? 30 * 3600 : 30;
const MIB = 2 ** 20;
const descriptors = () => readdirSync("/proc/self/fd").length;

test("F48: four cameras, viewers that come and go, and recordings leave memory and descriptors flat, and no frame is lost without a reason", {
  timeout: hours > 0 ? (hours + 1) * 3_600_000 : TEST_MS,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-soak-"));
  const cameras = [1, 2, 3, 4].map(() => new FaultyCamera({ keep_warm: true }));
  const [camera, ...others] = cameras as [FaultyCamera, ...FaultyCamera[]];
  const bench = await openTestHost(Recorder, {
    kwargs: { folder, reserve_mb: 1, quota_mb: 500 },
    slots: { camera },
    things: Object.fromEntries(others.map((other, n) => [`other_${n}`, other])),
  });
  t.after(async () => {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  });
  const port = Number(new URL(bench.origin).port);
  const samples: { held: number; files: number }[] = [];
  let [rounds, frames, dropped] = [0, 0, 0];

  const round = async () => {
    const paths = ["camera", "other_0", "other_1", "other_2"];
    const viewers = paths.map((name) => new HealthyViewer(port, `/${name}/mjpeg_stream`));
    const begun = await run("start_recording", { name: `n${rounds}` });
    const from = cameras.map(({ mjpeg_stream }) => mjpeg_stream.stats.added);
    await eventually(
      () => cameras.every((one, n) => one.mjpeg_stream.stats.added >= from[n]! + FRAMES_A_ROUND),
      hours > 0 ? 5_400_000 : WAIT_MS,
    );
    await eventually(() => viewers.every(({ received }) => received > 0));
    for (const { socket } of viewers) socket.destroy();
    const summary = await run("stop_recording", {});
    assert.equal(summary.captured, summary.written + summary.dropped);
    const { ok, sentence } = await verifyRecording(join(folder, String(begun.name)));
    assert.ok(ok, sentence);
    frames += summary.written;
    dropped += summary.dropped;
    rounds += 1;
  };
  const run = async (action: string, input: object) => {
    const record = bench.hosted.invoke(action, input);
    await record.ended;
    assert.equal(record.status, "completed", record.error?.message);
    return Object(record.output);
  };

  const start = performance.now();
  for (let n = 0; n < WARM_UP; n++) await round();
  do {
    await round();
    await eventually(() => cameras.every((one) => one.mjpeg_stream.stats.viewers === 0));
    samples.push({ held: await memoryHeld(), files: descriptors() });
  } while (samples.length < ROUNDS || performance.now() - start < hours * 3_600_000);

  const slope = slopeOf(samples.map(({ held }) => held)) / MIB;
  const files = samples.map((sample) => sample.files);
  t.diagnostic(
    `${rounds} rounds, ${frames} frames recorded, ${dropped} listed as dropped; ${slope.toFixed(2)} MB a round, descriptors ${Math.min(...files)} to ${Math.max(...files)}`,
  );
  assert.ok(Math.max(...files) - Math.min(...files) <= 4, `descriptors: ${files}`);
  assert.ok(slope < 1, `${slope} MB more each round`);
});

/** By how much values grow from one to the next: least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = values.reduce((sum, value, n) => sum + (n - middle) * (value - mean), 0);
  return above / values.reduce((sum, _, n) => sum + (n - middle) ** 2, 0);
}
