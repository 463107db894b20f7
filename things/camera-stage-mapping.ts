import {
  action,
  Camera,
  type Invocation,
  property,
  Stage,
  setting,
  slot,
  Thing,
  ThingError,
} from "thingscope";
import { type Static, Type } from "typebox";
import { calibrate } from "./mapping/calibrate.ts";
import {
  type Calibration,
  CalibrationSchema,
  type Plane,
  stepsFor,
} from "./mapping/calibration.ts";
import { orBack } from "./microscopy.ts";

const Pixels = Type.Number({ unit: "px", minimum: -1e6, maximum: 1e6 });
const PictureMove = Type.Object({
  x: Type.Optional(Type.Number({ ...Pixels, default: 0, description: "To the right" })),
  y: Type.Optional(Type.Number({ ...Pixels, default: 0, description: "Down" })),
  width: Type.Optional(
    Type.Number({
      ...{ unit: "px", exclusiveMinimum: 0, maximum: 100_000 },
      description: "Width of the picture whose pixels these are; image_resolution's when absent",
    }),
  ),
});
type PictureMove = Static<typeof PictureMove>;
const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()]);
const { image_to_stage_displacement_matrix, image_resolution, pixel_size_um } =
  CalibrationSchema.properties;
const SEEN = { readOnly: true, observable: true } as const;

/** Which steps of the stage move the picture by how many pixels. Its names are OpenFlexure's. */
export class CameraStageMapping extends Thing {
  static override readonly title = "Camera and stage";
  static override readonly types: readonly string[] = ["CameraStageMapping"];
  static override readonly description =
    "Measures how the stage moves the picture; then a place in the picture can be brought to its centre.";

  @slot("The camera", Camera)
  accessor camera!: Camera;

  @slot("The stage", Stage)
  accessor stage!: Stage;

  @setting("What was measured last; null before", orNull(CalibrationSchema), { readOnly: true })
  accessor last_calibration: Calibration | null = null;

  @property("Name of the Thing that is the camera", Type.String(), { readOnly: true })
  get camera_name(): string {
    return this.camera.name;
  }

  @property("Name of the Thing that is the stage", Type.String(), { readOnly: true })
  get stage_name(): string {
    return this.stage.name;
  }

  @property("Whether it must be calibrated before it can be used", Type.Boolean(), SEEN)
  get calibration_required(): boolean {
    return this.last_calibration === null;
  }

  @property(
    "Size of a pixel on the sample, of a picture as wide as image_resolution says",
    orNull(pixel_size_um),
    SEEN,
  )
  get pixel_size_um(): number | null {
    return this.last_calibration?.pixel_size_um ?? null;
  }

  @property("Steps for pixels", orNull(image_to_stage_displacement_matrix), SEEN)
  get image_to_stage_displacement_matrix(): number[][] | null {
    return this.last_calibration?.image_to_stage_displacement_matrix ?? null;
  }

  @property("[height, width] of the picture that was measured", orNull(image_resolution), SEEN)
  get image_resolution(): number[] | null {
    return this.last_calibration?.image_resolution ?? null;
  }

  @action("Measure how x and y move the picture, and return. Needs a sample in focus", {
    output: CalibrationSchema,
  })
  async calibrate_xy(_: Record<string, never>, run: Invocation): Promise<Calibration> {
    const { camera, stage } = this;
    const release = camera.mjpeg_stream.demand.take();
    try {
      const work = () => calibrate({ camera, stage }, run);
      const measured = await orBack(stage, run, ["x", "y", "z"], work, { always: true });
      this.last_calibration = measured;
      for (const name of [
        "calibration_required",
        "pixel_size_um",
        "image_to_stage_displacement_matrix",
        "image_resolution",
      ])
        this.changed(name);
      return measured;
    } finally {
      release();
    }
  }

  @action("Bring what is so many pixels from the middle of the picture to the middle", {
    input: PictureMove,
  })
  async move_in_image_coordinates(move: PictureMove, run: Invocation): Promise<void> {
    const { backlash_steps } = this.#calibration;
    const steps = this.stepsFor(move);
    const play = Math.max(backlash_steps.x, backlash_steps.y);
    const compensation = play > 0 ? 2 : 0;
    await this.stage.move_relative({ ...steps, backlash_compensation: compensation }, run);
  }

  /**
   * The steps of x and y for a way in the picture.
   * @throws {ThingError} `NOT_CALIBRATED`.
   */
  stepsFor({ x = 0, y = 0, width }: PictureMove): Plane {
    const calibration = this.#calibration;
    const scale = width === undefined ? 1 : calibration.image_resolution[1]! / width;
    return stepsFor(calibration, { x: x * scale, y: y * scale }, this.stage.axis_inverted);
  }

  override thingState(): Record<string, unknown> {
    const { image_resolution, image_to_stage_displacement_matrix, pixel_size_um } = this;
    return { image_resolution, image_to_stage_displacement_matrix, pixel_size_um };
  }

  get #calibration(): Calibration {
    if (this.last_calibration) return this.last_calibration;
    throw new ThingError(
      "NOT_CALIBRATED",
      `Camera '${this.camera.name}' and stage '${this.stage.name}' are not calibrated. Focus on a sample with detail, then run calibrate_xy of '${this.name}'.`,
    );
  }
}
