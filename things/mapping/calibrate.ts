import {
  type Camera,
  type Frame,
  type Invocation,
  now,
  type Stage,
  ThingError,
  wallTime,
} from "thingscope";
import { frameAfter } from "../microscopy.ts";
import { type Calibration, matrixOf, type Plane, pixelSizeOf } from "./calibration.ts";
import { type Comparable, comparable, type PictureShift, shiftBetween } from "./picture-shift.ts";

type Axis = "x" | "y";

const FIRST_STEPS = 50;
const MOST_STEPS = 200_000;
const MOST_MOVES = 16;
/** Under that, a peak of the correlation may be chance. */
const LEAST_CLARITY = 9;
/** Shifts, as shares of the picture's shorter side: what is aimed at, and what is enough. */
const WANTED = 0.2;
const ENOUGH = 0.1;
/** How much the shifts of a move and of its opposite may differ, of their length. */
const UNEVEN = 0.15;

/** What an axis does to the picture. */
interface AxisResponse {
  /** Of one step, pixels. */
  readonly slope: Plane;
  readonly backlash: number;
}

/**
 * Moves the stage along x and y, and measures by how much the picture moves. It ends where it began.
 * @throws {ThingError} `NOT_CALIBRATED` when the picture cannot be followed; `NO_FRAME`; what the stage throws.
 */
export async function calibrate(
  { camera, stage }: { camera: Camera; stage: Stage },
  run: Invocation,
): Promise<Calibration> {
  const eye = new Eye(camera, stage, run);
  run.progress(0, "Looking where the stage is");
  const origin = stage.position;
  await stage.move_relative({ backlash_compensation: 2 }, run);
  const start = await eye.look();
  const x = await responseOf("x", start, eye, run);
  run.progress(0.5, "x is measured");
  const y = await responseOf("y", start, eye, run);
  const matrix = matrixOf({ x: x.slope, y: y.slope });
  if (!matrix)
    throw notCalibrated(
      "x and y move the picture in the same direction. Check that both axes move the stage.",
    );
  await stage.move_absolute({ x: origin.x, y: origin.y, backlash_compensation: 2 }, run);
  const { axis_inverted } = stage;
  return {
    image_to_stage_displacement_matrix: matrix,
    image_resolution: [start.height, start.width],
    pixel_size_um: pixelSizeOf(matrix, stage.step_size_um),
    backlash_steps: { x: x.backlash, y: y.backlash },
    axis_inverted: { x: axis_inverted.x, y: axis_inverted.y },
    calibrated: new Date(wallTime()).toISOString(),
  };
}

/** Sees where the picture is, once the stage has arrived. */
class Eye {
  readonly #camera: Camera;
  readonly #stage: Stage;
  readonly #run: Invocation;
  readonly #origin: Plane;

  constructor(camera: Camera, stage: Stage, run: Invocation) {
    this.#camera = camera;
    this.#stage = stage;
    this.#run = run;
    this.#origin = stage.position;
  }

  async look(): Promise<Comparable> {
    await this.#camera.settle({}, this.#run);
    const frame: Frame = await frameAfter(this.#camera, now(), this.#run);
    return comparable(frame.jpeg, frame);
  }

  /** Goes so many steps from where it began; approached from below, unless `compensation` is 0. */
  async goTo(axis: Axis, steps: number, compensation: 0 | 2 = 2): Promise<void> {
    const target = { [axis]: this.#origin[axis] + steps };
    await this.#stage.move_absolute({ ...target, backlash_compensation: compensation }, this.#run);
  }

  /** What is seen there. */
  async lookAt(axis: Axis, steps: number, compensation: 0 | 2 = 2): Promise<Comparable> {
    await this.goTo(axis, steps, compensation);
    return this.look();
  }
}

async function responseOf(
  axis: Axis,
  start: Comparable,
  eye: Eye,
  run: Invocation,
): Promise<AxisResponse> {
  const { steps, shift } = await usefulMove(axis, start, eye, run);
  const back = followed(shiftBetween(start, await eye.lookAt(axis, -steps)), axis);
  const length = lengthOf(shift);
  if (lengthOf({ x: shift.x + back.x, y: shift.y + back.y }) > UNEVEN * length)
    throw notCalibrated(
      `${steps} steps of ${axis} moved the picture by ${Math.round(length)} px, and as many back by ${Math.round(lengthOf(back))} px. ` +
        "Check that the sample does not move by itself, and that the axis has no play beyond backlash_steps.",
    );
  const slope = { x: (shift.x - back.x) / (2 * steps), y: (shift.y - back.y) / (2 * steps) };
  await eye.goTo(axis, steps);
  const reversed = shiftBetween(start, await eye.lookAt(axis, 0, 0));
  await eye.goTo(axis, 0);
  const along = (reversed.x * slope.x + reversed.y * slope.y) / (slope.x ** 2 + slope.y ** 2);
  const isSeen = Math.abs(along) * lengthOf(slope) > 1; // under a pixel it is not told from none
  return { slope, backlash: isSeen ? Math.max(0, Math.round(along)) : 0 };
}

/** The first move that shifts the picture far enough to be measured well. */
async function usefulMove(axis: Axis, start: Comparable, eye: Eye, run: Invocation) {
  const side = Math.min(start.width, start.height);
  let steps = FIRST_STEPS;
  for (let moves = 1; ; moves++) {
    const shift = shiftBetween(start, await eye.lookAt(axis, steps));
    const length = lengthOf(shift);
    run.log.info(`${steps} steps of ${axis} move the picture by ${length.toFixed(1)} px.`);
    const isSure = shift.clarity >= LEAST_CLARITY;
    if (isSure && length >= ENOUGH * side && length < 2 * WANTED * side) return { steps, shift };
    const isMeasured = isSure && length >= 0.01 * side;
    const next = isMeasured
      ? Math.max(1, Math.round((steps * WANTED * side) / length))
      : isSure
        ? steps * 4
        : Math.floor(steps / 8);
    if (next < 1 || moves === MOST_MOVES) throw lost(axis);
    if (next > MOST_STEPS)
      throw notCalibrated(
        `${steps} steps of ${axis} did not move the picture. Check that the axis moves, and that the camera looks at what the stage moves.`,
      );
    if (next === steps) return { steps, shift };
    steps = next;
  }
}

function followed(shift: PictureShift, axis: Axis): PictureShift {
  if (shift.clarity >= LEAST_CLARITY) return shift;
  throw lost(axis);
}

function lost(axis: Axis): ThingError {
  return notCalibrated(
    `the picture could not be followed along ${axis}. Focus on a sample with detail, then calibrate again.`,
  );
}

function lengthOf({ x, y }: Plane): number {
  return Math.hypot(x, y);
}

function notCalibrated(why: string): ThingError {
  return new ThingError("NOT_CALIBRATED", `Camera and stage were not calibrated: ${why}`);
}
