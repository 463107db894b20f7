import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { delay, detachedInvocation, now, ThingHost } from "thingscope";
import { SimulatedStage } from "../../things/simulated-stage.ts";
import { TEST_MS } from "../limits.ts";

const run = detachedInvocation();

test("a move takes its time, and where the stage was is known for every moment of it", async () => {
  const stage = new SimulatedStage({ speed: 2000 });
  const motion = await stage.move_relative({ z: 200 }, run);
  assert.deepEqual(stage.position, { x: 0, y: 0, z: 200 });
  assert.deepEqual(motion.to, { x: 0, y: 0, z: 200 });
  assert.equal(Math.round(motion.endedAt - motion.startedAt), 100);
  assert.ok(now() >= motion.endedAt);
  assert.equal(Math.round(stage.positionAt(motion.startedAt + 25).z), 50);
  assert.equal(stage.positionAt(motion.startedAt - 1).z, 0);
});

test("a cancelled move stops where it is", { timeout: TEST_MS }, async () => {
  const stage = new SimulatedStage({ speed: 1000 });
  const cancelled = new AbortController();
  const move = stage.move_relative({ x: 100_000 }, detachedInvocation(cancelled.signal));
  await delay(60);
  assert.equal(stage.moving, true);
  cancelled.abort();
  await assert.rejects(move, { name: "AbortError" });
  const stopped = stage.position;
  assert.ok(stopped.x > 0 && stopped.x < 5000, `x is ${stopped.x}`);
  assert.equal(stage.moving, false);
  await delay(20);
  assert.deepEqual(stage.position, stopped);
});

test("a move that blocks cancellation is finished", async () => {
  const stage = new SimulatedStage({ speed: 2000 });
  const cancelled = new AbortController();
  const blocking = detachedInvocation(cancelled.signal);
  const move = stage.move_relative({ z: 100, block_cancellation: true }, blocking);
  cancelled.abort();
  await move;
  assert.equal(stage.position.z, 100);
});

test("a compensated move ends upwards", async () => {
  const stage = new SimulatedStage({ speed: 20_000 });
  stage.backlash_steps = { x: 50, y: 50, z: 50 };
  const motion = await stage.move_absolute({ z: -400, backlash_compensation: 1 }, run);
  assert.equal(motion.from.z, -450);
  assert.deepEqual(stage.position, { x: 0, y: 0, z: -400 });
});

test("moves wait for each other, and the newest jog replaces the one before", async () => {
  const stage = new SimulatedStage({ speed: 10_000 });
  await Promise.all([stage.move_relative({ x: 100 }, run), stage.move_relative({ x: 23 }, run)]);
  assert.equal(stage.position.x, 123);
  const long = stage.jog({ x: 1_000_000 }, run);
  await stage.jog({ y: 10 }, run);
  await long;
  assert.equal(stage.position.y, 10);
  const endless = stage.jog({ z: 1_000_000 }, run);
  await stage.jog({ stop: true }, run);
  await endless;
  assert.equal(stage.moving, false);
});

test("a jog is refused while a move runs", async () => {
  const stage = new SimulatedStage({ speed: 1000 });
  const move = stage.move_relative({ x: 100 }, run);
  await delay(10);
  await assert.rejects(stage.jog({ x: 5 }, run), { code: "LOCK_BUSY" });
  await move;
});

test("inverting and zeroing change the count, not the place", async () => {
  const stage = new SimulatedStage({ speed: 100_000 });
  await stage.move_to_xyz_position({ xyz_pos: [300, 0, 40] }, run);
  await stage.invert_axis_direction({ axis: "x" });
  assert.deepEqual(await stage.get_xyz_position(), [-300, 0, 40]);
  await stage.move_relative({ x: -100 }, run);
  assert.equal(stage.placeAt(now()).x, 400);
  await stage.set_zero_position();
  assert.deepEqual(stage.position, { x: 0, y: 0, z: 0 });
  await stage.move_to_origin({}, run);
  assert.deepEqual(stage.placeAt(now()), { x: 400, y: 0, z: 40 });
});

test("an axis that there is not is refused by name, and observers see the stage arrive", async () => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const stage = host.add("stage", new SimulatedStage({ speed: 10_000 }));
  await host.open();
  assert.throws(() => stage.invoke("move_relative", { w: 5 }), { code: "INVALID_INPUT" });
  const places: unknown[] = [];
  stage.onChange((name, value) => name === "position" && places.push(value));
  await stage.invoke("move_relative", { x: 50 }).ended;
  assert.deepEqual(places.at(-1), { x: 50, y: 0, z: 0 });
  await host.close();
});
