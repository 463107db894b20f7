import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import {
  Camera,
  delay,
  detachedInvocation,
  type FrameSource,
  type Motion,
  now,
  type Position,
  ThingHost,
} from "thingscope";
import { encodeJpeg } from "thingscope/frames";
import { CameraStageMapping, SimulatedCamera, SimulatedStage } from "../../things/index.ts";
import { matrixOf, stepsFor } from "../../things/mapping/calibration.ts";
import { STEPS_PER_PIXEL } from "../../things/optics/simulated-optics.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const PLAY = 60;

/** A stage whose x axis has play: when its motor turns round, the first steps move nothing. */
class StageWithPlay extends SimulatedStage {
  #slack = 0;
  hasPlay = false;

  protected override async turnMotors(target: Position, stop?: AbortSignal): Promise<Motion> {
    const motion = await super.turnMotors(target, stop);
    const way = motion.to.x - motion.from.x;
    if (this.hasPlay) this.#slack = Math.min(PLAY, Math.max(0, this.#slack - way));
    return motion;
  }

  override placeAt(time: number): Position {
    const place = super.placeAt(time);
    return { ...place, x: place.x + this.#slack };
  }
}

/** A camera that sees nothing but grey. */
class FlatCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        const grey = { data: new Uint8Array(64 * 48).fill(128), width: 64, height: 48 };
        const jpeg = await encodeJpeg({ ...grey, channels: 1 });
        while (!signal.aborted) {
          yield { jpeg, capturedAt: now() };
          await delay(10, signal);
        }
      },
    };
  }
}

async function scope() {
  const stage = new StageWithPlay({ speed: 20_000 });
  const camera = new SimulatedCamera({ focal_plane: 0 });
  camera.settling_time = 0.01;
  const mapping = new CameraStageMapping();
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder });
  host.add("stage", stage);
  host.add("camera", camera);
  const hosted = host.add("mapping", mapping);
  await host.open();
  return { host, hosted, stage, camera, mapping, settingsFolder };
}

suite("a microscope", () => {
  const shared = scope();
  after(async () => (await shared).host.close());

  test("is refused before calibration, in a sentence that says what to do", {
    timeout,
  }, async () => {
    const { hosted } = await shared;
    const run = hosted.invoke("move_in_image_coordinates", { x: 10 });
    await run.ended;
    assert.match(String(run.error?.message), /not calibrated\. Focus .*, then run calibrate_xy/);
  });

  test("calibrates to its steps per pixel within 1 %, tells its play, and is back", {
    timeout,
  }, async () => {
    const { mapping, stage } = await shared;
    stage.hasPlay = true;
    const before = stage.position;
    const measured = await mapping.calibrate_xy({}, detachedInvocation());
    const [down, right] = measured.image_to_stage_displacement_matrix as [number[], number[]];
    const near = (value: number, wanted: number) =>
      assert.ok(Math.abs(value - wanted) <= 0.01 * STEPS_PER_PIXEL, `${value}, not ${wanted}`);
    near(right[0]!, STEPS_PER_PIXEL);
    near(right[1]!, 0);
    near(down[0]!, 0);
    near(down[1]!, STEPS_PER_PIXEL);
    near(mapping.pixel_size_um! * 10, STEPS_PER_PIXEL); // 0.1 um a step
    assert.ok(Math.abs(measured.backlash_steps.x - PLAY) <= STEPS_PER_PIXEL, "the play of x");
    assert.equal(measured.backlash_steps.y, 0);
    assert.deepEqual(stage.position, before);
    assert.equal(mapping.calibration_required, false);
    stage.hasPlay = false;
  });

  test("brings a place to the middle, also from a smaller picture and with an inverted axis", {
    timeout,
  }, async () => {
    const { mapping, stage } = await shared;
    const run = detachedInvocation();
    const from = stage.placeAt(Date.now());
    await mapping.move_in_image_coordinates({ x: 100, y: -50 }, run);
    await stage.invert_axis_direction({ axis: "x" });
    await mapping.move_in_image_coordinates({ x: 50, y: 0, width: 400 }, run);
    await stage.invert_axis_direction({ axis: "x" });
    const { x, y } = stage.position;
    assert.ok(Math.abs(x - from.x - 200 * STEPS_PER_PIXEL) <= 8, `x went to ${x} from ${from.x}`);
    assert.ok(Math.abs(y - from.y + 50 * STEPS_PER_PIXEL) <= 4, `y went to ${y}`);
  });

  test("a cancelled calibration goes back, and keeps what was measured before", {
    timeout,
  }, async () => {
    const { hosted, mapping, stage } = await shared;
    const { last_calibration } = mapping;
    const before = stage.position;
    const run = hosted.invoke("calibrate_xy", {});
    while (stage.position.x === before.x) await delay(5);
    run.cancel();
    await run.ended;
    assert.equal(run.status, "cancelled");
    assert.deepEqual(stage.position, before);
    assert.deepEqual(mapping.last_calibration, last_calibration);
  });

  test("a stage that is stopped meanwhile stays where it is", { timeout }, async () => {
    const { hosted, stage } = await shared;
    const before = stage.position;
    const run = hosted.invoke("calibrate_xy", {});
    while (stage.position.x === before.x) await delay(5);
    await stage.stop();
    await run.ended;
    assert.match(String(run.error?.message), /Stage 'stage' was stopped/);
    assert.equal(stage.moving, false);
    assert.notDeepEqual(stage.position, before);
  });
});

test("a picture without detail is refused in a sentence, and the stage is back", {
  timeout,
}, async () => {
  const stage = new SimulatedStage({ speed: 20_000 });
  const camera = new FlatCamera();
  camera.settling_time = 0;
  const mapping = new CameraStageMapping();
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("stage", stage);
  host.add("camera", camera);
  host.add("mapping", mapping);
  await host.open();
  await assert.rejects(mapping.calibrate_xy({}, detachedInvocation()), {
    code: "NOT_CALIBRATED",
    message: /could not be followed along x\. Focus on a sample with detail/,
  });
  assert.deepEqual(stage.position, { x: 0, y: 0, z: 0 });
  await host.close();
});

test("axes that move the picture in one direction are no calibration; turned ones are", () => {
  assert.equal(matrixOf({ x: { x: 1, y: 0 }, y: { x: 1, y: 0.05 } }), undefined);
  const turned = matrixOf({ x: { x: 0, y: -0.5 }, y: { x: 0.25, y: 0 } })!;
  const calibration = {
    image_to_stage_displacement_matrix: turned,
    image_resolution: [600, 800],
    pixel_size_um: 1,
    backlash_steps: { x: 0, y: 0 },
    axis_inverted: { x: false, y: false },
    calibrated: "",
  };
  const steps = stepsFor(calibration, { x: 10, y: 20 }, { x: false, y: false });
  // The picture moves against the view: by -10 to the right and -20 down.
  assert.deepEqual({ right: 0.25 * steps.y, down: -0.5 * steps.x }, { right: -10, down: -20 });
});
