import {
  action,
  Blob,
  blobSchema,
  delay,
  event,
  type Invocation,
  property,
  setting,
  Thing,
  ThingEvent,
} from "thingscope";
import { Type } from "typebox";

const Sum = Type.Object({ a: Type.Number(), b: Type.Number({ default: 1 }) });
const Picture = Type.Object({ picture: blobSchema("image/*") });
const Region = Type.Object({ x: Type.Integer(), y: Type.Integer(), label: Type.String() });

/** One of everything that a client can do to a Thing. */
export class Instrument extends Thing {
  static override readonly title = "Instrument";
  static override readonly description = "One of everything, for other people's programs.";

  @property("Gain", Type.Number({ minimum: 0, maximum: 10, unit: "dB" }), { observable: true })
  accessor gain = 1;

  @property("Mode", Type.Enum(["mono", "rgb"]))
  accessor mode: "mono" | "rgb" = "mono";

  @property("Lit", Type.Boolean())
  accessor lit = false;

  @property("Region of interest", Region)
  accessor region = { x: 1, y: 2, label: "left" };

  @property("Heights", Type.Array(Type.Number({ unit: "um" })))
  accessor heights: number[] = [];

  @setting("Label", Type.Union([Type.String(), Type.Null()]))
  accessor label: string | null = null;

  @property("Serial number", Type.String())
  get serial(): string {
    return "TS-1";
  }

  @property("Temperature", Type.Number({ unit: "Cel" }))
  get temperature(): number {
    throw new RangeError("the sensor is not plugged in");
  }

  @event("It has moved", Type.Object({ x: Type.Integer() }))
  readonly moved = new ThingEvent<{ x: number }>();

  @action("Add two numbers", { input: Sum, output: Type.Number() })
  async add({ a, b }: { a: number; b: number }, { log }: Invocation): Promise<number> {
    log.info(`adding ${a} and ${b}`);
    return a + b;
  }

  @action("Add two numbers, and answer with their sum", {
    ...{ input: Sum, output: Type.Number(), synchronous: true },
  })
  async sum({ a, b }: { a: number; b: number }): Promise<number> {
    return a + b;
  }

  @action("An empty list", { output: Type.Array(Type.Number()) })
  async nothing(): Promise<number[]> {
    return [];
  }

  @action("Do something that returns nothing")
  async ping(): Promise<void> {}

  @action("Move", { input: Type.Object({ x: Type.Integer() }) })
  async move({ x }: { x: number }): Promise<void> {
    this.moved.emit({ x });
  }

  @action("Wait until cancelled")
  async wait(_: Record<string, never>, { signal }: Invocation): Promise<void> {
    await delay(60_000, signal);
  }

  @action("Fail")
  async fail(): Promise<void> {
    throw new RangeError("out of film");
  }

  @action("Take a picture", { output: blobSchema("image/jpeg") })
  async picture(): Promise<Blob> {
    return Blob.fromBytes(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), "image/jpeg");
  }

  @action("Count the bytes of a picture", { input: Picture, output: Type.Integer() })
  async measure({ picture }: { picture: Blob }): Promise<number> {
    return picture.size;
  }
}
