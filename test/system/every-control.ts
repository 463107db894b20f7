import { property, Thing, ThingError } from "thingscope";
import { type Static, Type } from "typebox";

const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const Point = Type.Object({
  x: Type.Number({ unit: "um" }),
  y: Type.Number({ unit: "um" }),
  z: Type.Number({ unit: "um" }),
});
const Plan = Type.Object({
  name: Type.String({ minLength: 1 }),
  repeat: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, default: 2 })),
  stops: Type.Array(
    Type.Object({
      at: Point,
      light: Type.Optional(Type.Enum(["off", "red", "blue"])),
    }),
    { maxItems: 4 },
  ),
});

/** A Thing with a property for each kind of control; `reset` is counted, so that a test sees what reached it. */
export class EveryControl extends Thing {
  static override readonly title = "Every control";
  static override readonly description = HOSTILE;

  @property("Whether the light is on", Type.Boolean())
  accessor light = false;

  @property("How bright it is", Type.Integer({ minimum: 0, maximum: 255, unit: "%", default: 100 }))
  accessor brightness = 100;

  @property(
    "How long a frame is exposed",
    Type.Number({ minimum: 0.01, maximum: 10_000, unit: "ms" }),
  )
  accessor exposure = 20;

  @property("A number without limits", Type.Number())
  accessor offset = 1.5;

  @property(
    "Red, green or blue",
    Type.Union([
      Type.Literal(1, { title: "Red light" }),
      Type.Literal(2, { title: "Green light" }),
      Type.Literal(3, { title: "Blue light" }),
      Type.Literal(4, { title: "White light" }),
    ]),
  )
  accessor colour: 1 | 2 | 3 | 4 = 1;

  @property("How the focus is kept", Type.Enum(["auto", "off"]))
  accessor focus: "auto" | "off" = "auto";

  @property("Who uses the microscope", Type.String({ maxLength: 40, pattern: "^[^0-9]*$" }))
  accessor user = "Ada";

  @property("What was seen", Type.String({ maxLength: 5000 }))
  accessor notes = "";

  @property("When the sample was made", Type.String({ format: "date-time" }))
  accessor made = "2026-01-31T12:00:00Z";

  @property("Where the stage goes", Point)
  accessor target = { x: 0, y: 0, z: 0 };

  @property("Corner of the region", Type.Tuple([Type.Integer(), Type.Integer()]))
  accessor corner: [number, number] = [1, 2];

  @property("Heights of a stack", Type.Array(Type.Number({ unit: "um" }), { maxItems: 20 }))
  accessor heights = [1, 2];

  @property("Names of samples", Type.Array(Type.String()))
  accessor samples = ["a", "b"];

  @property("What is done", Plan)
  accessor plan: Static<typeof Plan> = { name: "First", stops: [] };

  @property(
    "How often a frame is kept, or never",
    Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  )
  accessor interval: number | null = null;

  @property("Anything at all", Type.Unknown())
  accessor anything: unknown = "old";

  @property("Labels of any name", Type.Record(Type.String(), Type.String()))
  accessor labels: Record<string, string> = {};

  @property(HOSTILE, Type.String({ title: HOSTILE, readOnly: true }))
  get hostile(): string {
    return HOSTILE;
  }

  @property("Changes by itself", Type.Number({ unit: "K", readOnly: true }))
  get temperature(): number {
    return this.warmth;
  }
  warmth = 293.15;

  /** Refuses what the hardware cannot do. */
  @property("The motor's speed", Type.Integer({ minimum: 0, maximum: 100 }))
  get speed(): number {
    return this.#speed;
  }
  set speed(value: number) {
    if (value > 50) {
      throw new ThingError(
        "INVALID_INPUT",
        `The motor does not turn at ${value}. Choose 50 or less.`,
      );
    }
    this.#speed = value;
  }
  #speed = 10;
}
