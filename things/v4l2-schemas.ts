import { Type } from "typebox";

const Pixels = Type.Integer({ minimum: 1, unit: "px" });
const Side = Type.Unsafe<number | readonly [number, number, number]>({
  oneOf: [{ type: "integer" }, { type: "array", items: { type: "integer" } }],
});

/** How a camera streams, or is to stream. */
export const Mode = Type.Object({
  format: Type.Optional(
    Type.String({
      minLength: 3,
      maxLength: 12,
      description: "V4L2's name; one that the camera makes JPEGs in when absent",
    }),
  ),
  width: Pixels,
  height: Pixels,
  rate: Type.Optional(
    Type.Number({ minimum: 0, unit: "Hz", description: "The highest one when absent" }),
  ),
});

/** What a camera has: sizes by format. */
export const Sizes = Type.Array(
  Type.Object({
    format: Type.String(),
    description: Type.String(),
    width: Side,
    height: Side,
    rates: Type.Array(Type.Number({ unit: "Hz" })),
  }),
);

/** What a device is. */
export const Capabilities = Type.Object({
  driver: Type.String(),
  card: Type.String(),
  bus: Type.String(),
  node: Type.String(),
  is_open: Type.Boolean(),
});

const Count = Type.Integer({ minimum: 0 });
/** Frames that did not arrive. */
export const Losses = Type.Object({ lost: Count, replaced: Count, damaged: Count });
