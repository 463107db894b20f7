import { type Static, Type } from "typebox";

const Axes = (unit: string) => Type.Object({ x: Type.Number({ unit }), y: Type.Number({ unit }) });
const Pair = Type.Array(Type.Number(), { minItems: 2, maxItems: 2 });

/** How pixels of a camera and steps of a stage belong together. */
export const CalibrationSchema = Type.Object({
  image_to_stage_displacement_matrix: Type.Array(Pair, {
    ...{ minItems: 2, maxItems: 2 },
    description:
      "Steps of [x, y] for one pixel down (first row) and one to the right (second row), as OpenFlexure has it",
  }),
  image_resolution: Type.Array(Type.Integer({ unit: "px" }), {
    ...{ minItems: 2, maxItems: 2 },
    description: "[height, width] of the picture whose pixels are meant",
  }),
  pixel_size_um: Type.Number({ unit: "um", description: "Size of a pixel on the sample" }),
  backlash_steps: Axes("steps"),
  axis_inverted: Type.Object({ x: Type.Boolean(), y: Type.Boolean() }),
  calibrated: Type.String({ format: "date-time" }),
});
export type Calibration = Static<typeof CalibrationSchema>;

/** x and y: of a picture, to the right and down; of a stage, steps. */
export interface Plane {
  readonly x: number;
  readonly y: number;
}

/** How far the picture moves for one step of each axis, pixels. */
export interface Slopes {
  readonly x: Plane;
  readonly y: Plane;
}

/**
 * What brings the place that is one pixel down, and one pixel to the right, to where the middle is, steps.
 * @returns undefined when both axes move the picture in about the same direction.
 */
export function matrixOf({ x, y }: Slopes): [[number, number], [number, number]] | undefined {
  const area = x.x * y.y - y.x * x.y;
  if (Math.abs(area) < 0.2 * Math.hypot(x.x, x.y) * Math.hypot(y.x, y.y)) return undefined;
  // The picture moves against the view: the inverse, negative.
  return [
    [y.x / area, -x.x / area],
    [-y.y / area, x.y / area],
  ];
}

/** The steps that bring what is this far from the middle of the picture to the middle, if the stage counts as it did. */
export function stepsFor(
  { image_to_stage_displacement_matrix, axis_inverted }: Calibration,
  { x, y }: Plane,
  inverted: Calibration["axis_inverted"],
): Plane {
  const [down, right] = image_to_stage_displacement_matrix;
  const sign = (axis: "x" | "y") => (axis_inverted[axis] === inverted[axis] ? 1 : -1);
  return {
    x: Math.round(sign("x") * (down![0]! * y + right![0]! * x)),
    y: Math.round(sign("y") * (down![1]! * y + right![1]! * x)),
  };
}

/** The geometric mean of a pixel's height and width on the sample, um. */
export function pixelSizeOf(
  [down, right]: readonly (readonly [number, number])[],
  stepSize: Plane,
): number {
  const length = ([x, y]: readonly [number, number]) => Math.hypot(x * stepSize.x, y * stepSize.y);
  return Math.sqrt(length(down!) * length(right!));
}
