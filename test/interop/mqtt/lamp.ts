import { action, event, property, setting, Thing, ThingError, ThingEvent } from "thingscope";
import { Type } from "typebox";

/** One of everything that Home Assistant has an entity for. */
export class Lamp extends Thing {
  @property("How bright it is", Type.Number({ minimum: 0, maximum: 100, unit: "%" }))
  accessor brightness = 10;
  @setting("Colour of its light", Type.Enum(["warm", "cold"]))
  accessor colour: "warm" | "cold" = "warm";
  @property("Whether it shines", Type.Boolean())
  accessor on = false;
  @property("What stands on it", Type.String({ maxLength: 20 }))
  accessor label = "desk";
  @property("How long it flashes", Type.Integer({ minimum: 1, unit: "us" }), {
    title: "Flash length",
  })
  accessor flash = 5;
  @property("Which shade it has: there is one", Type.Integer({ minimum: 1, maximum: 1 }))
  accessor shade = 1;
  @property("How it stands", Type.Union([Type.Literal("upright"), Type.Literal("bent")]))
  accessor pose: "upright" | "bent" = "upright";
  presses = 0;
  @event("It has flashed", Type.Object({ count: Type.Integer() }))
  readonly flashed = new ThingEvent<{ count: number }>();

  @property("Of its body", Type.Number({ unit: "Cel" }))
  get temperature(): number {
    return 20.5;
  }

  @property("Whether it is too hot to touch", Type.Boolean())
  get hot(): boolean {
    return false;
  }

  @property(
    "How long it has lived",
    Type.Object({
      hours: Type.Number({ unit: "h" }),
      since: Type.String({ format: "date-time" }),
      state: Type.Enum(["good", "worn"]),
      spare: Type.Union([Type.String(), Type.Null()]),
      tested: Type.Union([Type.Boolean(), Type.Null()]),
    }),
  )
  get life() {
    return {
      hours: 12,
      since: "2026-01-02T03:04:05Z",
      state: "good" as const,
      spare: null,
      tested: null,
    };
  }

  @action("Flashes once")
  async blink(): Promise<void> {
    this.presses += 1;
    this.flashed.emit({ count: this.presses });
  }

  @action("Counts several flashes", { input: Type.Object({ times: Type.Integer({ minimum: 1 }) }) })
  async repeat({ times }: { times: number }): Promise<void> {
    this.presses += times;
  }
}

/** One that fails when it is told to. */
export class FaultyLamp extends Lamp {
  @action("Burns out", { input: Type.Object({ after: Type.Integer({ minimum: 0, unit: "ms" }) }) })
  async burn(): Promise<void> {
    throw new ThingError("NOT_READY", "The lamp is broken. Put in another bulb.");
  }
}
