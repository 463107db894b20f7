import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { delay, detachedInvocation, type ThingHost } from "thingscope";
import { peakOf } from "../../things/focus-peak.ts";
import { TEST_MS } from "../limits.ts";
import { SAMPLING_INTERVAL, warmMicroscope } from "./microscope.ts";

// 20 focal planes, each found both ways, with THINGSCOPE_LONG=1: two and a half minutes. Otherwise two, one each way.
const isLong = process.env.THINGSCOPE_LONG === "1";
const SEEDS = Array.from({ length: isLong ? 20 : 2 }, (_, n) => 101 + n);

/** From above and from below. */
function attempts(seed: number): { action: string; from: number }[] {
  const side = seed % 2 ? 1 : -1;
  const fast = { action: "fast_autofocus", from: 700 * side };
  const looping = { action: "looping_autofocus", from: -1500 * side };
  return isLong ? [fast, looping] : [side > 0 ? fast : looping];
}

suite("focal planes that only their seeds know", { concurrency: 3 }, () => {
  for (const seed of SEEDS) {
    test(`autofocus ends in focus: seed ${seed}`, { timeout: TEST_MS }, async (t) => {
      const tried = attempts(seed);
      await using scope = await warmMicroscope({ seed, offset: tried[0]!.from });
      for (const { action, from } of tried) {
        await scope.goTo(from);
        await invoke(scope.host, action, { dz: 2000 });
        const off = scope.stage.position.z - scope.focus;
        t.diagnostic(`${action} from ${from} steps off: ${off.toFixed(1)} steps off`);
        assert.ok(Math.abs(off) <= SAMPLING_INTERVAL, `${action}: ${off.toFixed(1)} steps off`);
      }
    });
  }
});

suite("one microscope", () => {
  const shared = warmMicroscope({ seed: 7, offset: 60 });
  after(async () => (await shared).close());

  test("the output has every frame and every move, on one clock", {
    timeout: TEST_MS,
  }, async () => {
    const scope = await shared;
    await scope.goTo(60);
    const run = detachedInvocation();
    const captured: number[] = [];
    const detach = scope.camera.mjpeg_stream.onFrame(({ jpeg }) => captured.push(jpeg.length));
    const curve = await scope.autofocus.z_move_and_measure_sharpness({ dz: [-300, 600] }, run);
    detach();
    assert.equal(curve.stage_times.length, 4);
    assert.deepEqual(
      curve.stage_positions.map(({ z }) => z - curve.stage_positions[0]!.z),
      [0, -300, -300, 300],
    );
    assert.equal(curve.jpeg_times.length, curve.jpeg_sizes.length);
    assert.deepEqual(curve.focus_foms, curve.jpeg_sizes);
    assert.deepEqual(curve.jpeg_times, [...curve.jpeg_times].sort());
    const sweep = curve.jpeg_times.filter(
      (time) => time > curve.stage_times[2]! && time < curve.stage_times[3]!,
    );
    assert.ok(sweep.length > 0, "frames of the second move are among them");
    const { length } = curve.jpeg_sizes;
    const first = captured.findIndex((_, n) =>
      isDeepStrictEqual(captured.slice(n, n + length), curve.jpeg_sizes),
    );
    assert.notEqual(first, -1, "none that the camera captured meanwhile is missing");
  });

  test("a focus measure of the pixels finds the same focus", { timeout: TEST_MS }, async () => {
    const scope = await shared;
    await scope.goTo(-150);
    const input = { dz: 600, measure: "tenengrad" } as const;
    const curve = await scope.autofocus.fast_autofocus(input, detachedInvocation());
    assert.notDeepEqual(curve.focus_foms, curve.jpeg_sizes);
    const error = scope.stage.position.z - scope.focus;
    assert.ok(Math.abs(error) <= SAMPLING_INTERVAL, `${error.toFixed(1)} steps off`);
  });

  test("without focus in reach it says what to do", { timeout: TEST_MS }, async () => {
    const scope = await shared;
    await scope.goTo(1500);
    const run = scope.host
      .get("autofocus")
      .invoke("looping_autofocus", { dz: 300, max_attempts: 2 });
    await run.ended;
    assert.equal(run.status, "error");
    assert.match(String(run.error?.message), /^No focus was found in 2 sweeps of 300 steps/);
  });

  test("a cancelled autofocus leaves the microscope as it was", { timeout: TEST_MS }, async () => {
    const scope = await shared;
    await scope.goTo(0);
    const before = scope.stage.position;
    const run = scope.host.get("autofocus").invoke("fast_autofocus", { dz: 2000 });
    while (!scope.stage.moving) await delay(10);
    await delay(100);
    run.cancel();
    await run.ended;
    assert.equal(run.status, "cancelled");
    assert.equal(
      ((await scope.host.get("autofocus").readProperty("curve")) as { state: string }).state,
      "cancelled",
    );
    assert.deepEqual(scope.stage.position, before);
    assert.equal(scope.camera.mjpeg_stream.demand.count, 0);
  });
});

test("a peak between samples is found by the parabola through them", () => {
  const heights = [0, 10, 25, 30];
  const { z, sampleZ, hasGap } = peakOf(
    heights,
    heights.map((at) => 500 - (at - 17) ** 2),
  );
  assert.equal(sampleZ, 10);
  assert.equal(hasGap, false);
  assert.ok(Math.abs(z - 17) < 1e-9);
  assert.equal(peakOf([0, 1, 2, 3, 7, 8, 9], [1, 2, 3, 4, 3, 2, 1]).hasGap, true);
  assert.equal(peakOf([0, 1, 2], [3, 2, 1]).z, 0);
  const missing = peakOf([5, 6, 7], [3, 2, 1], [0, 8]);
  assert.deepEqual(missing, { z: 5, sampleZ: 5, hasGap: true }, "what lies before was not seen");
  assert.equal(peakOf([1, 2, 3], [3, 2, 1], [0, 4]).hasGap, false);
  assert.equal(peakOf([0, 1, 2], [1, 1, 1]).z, 0);
});

async function invoke(host: ThingHost, action: string, input: unknown): Promise<void> {
  const run = host.get("autofocus").invoke(action, input);
  await run.ended;
  assert.equal(run.error, undefined);
}

test("fast_autofocus whose sharpest frame is at the end of its sweep fails, and says where focus may be", {
  timeout: TEST_MS,
}, async () => {
  await using scope = await warmMicroscope({ seed: 3, offset: 1800 });
  const run = scope.autofocus.fast_autofocus({ dz: 1000 }, detachedInvocation());
  await assert.rejects(run, {
    code: "NO_FOCUS",
    message:
      /^No focus in the sweep of 1000 steps: the sharpest frame was at its end, .*looping_autofocus/,
  });
  const { z } = scope.stage.position;
  assert.ok(Math.abs(z - (scope.focus + 1300)) < 200, `it went where it was sharpest: ${z}`);
});
