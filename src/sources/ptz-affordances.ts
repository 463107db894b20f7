import { Type } from "typebox";
import { ThingError } from "../base/errors.ts";
import type { Thing } from "../core/thing.ts";
import type { OnvifPtz } from "./onvif-ptz.ts";

const signed = Type.Optional(Type.Number({ minimum: -1, maximum: 1 }));
const Speed = Type.Object(
  {
    ...{ pan: signed, tilt: signed, zoom: signed },
    seconds: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 60,
        default: 1,
        unit: "s",
        description: "After that it stops by itself",
      }),
    ),
  },
  { additionalProperties: false },
);
const Position = Type.Object(
  {
    ...{ pan: signed, tilt: signed },
    zoom: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  { additionalProperties: false },
);
const Name = Type.String({ minLength: 1, maxLength: 64 });
const WITHIN_MS = 12_000;

/** Declares what a head that turns can do, as actions and properties of a Thing. */
export function addPtz(thing: Thing, ptz: OnvifPtz): void {
  thing.addAction({
    name: "turn",
    title: "Turn or zoom at a speed, -1 to 1 of the fastest: right, up and in are positive",
    input: Speed,
    run: ({ seconds = 1, ...speed }, { signal }) => ptz.turn(speed, seconds, signal),
  });
  thing.addAction({
    name: "stop_turning",
    title: "Stop turning and zooming",
    run: (_: unknown, { signal }) => ptz.stop(signal),
  });
  thing.addAction({
    name: "turn_to",
    title: "Turn and zoom to a position: pan and tilt -1 to 1, zoom 0 to 1",
    input: Position,
    run: (position, { signal }) => ptz.moveTo(position, signal),
  });
  thing.addAction({
    name: "go_to_preset",
    title: "Turn to a position that the camera knows by name",
    input: Type.Object({ preset: Name }, { additionalProperties: false }),
    run: async ({ preset }, { signal }) => ptz.goTo(await presetOf(ptz, preset, signal), signal),
  });
  thing.addAction({
    name: "save_preset",
    title: "Save the present position in the camera under a name",
    input: Type.Object({ preset: Name }, { additionalProperties: false }),
    run: async ({ preset }, { signal }) => {
      await ptz.keep(preset, signal);
      thing.changed("presets");
    },
  });
  thing.addProperty({
    name: "presets",
    title: "Names of the positions that the camera knows",
    schema: Type.Array(Type.String()),
    observable: true,
    withinMs: WITHIN_MS,
    read: async (signal) => (await ptz.readPresets(signal)).map(({ name }) => name),
  });
  thing.addProperty({
    name: "head_position",
    title: "Where the camera looks: pan and tilt -1 to 1, zoom 0 to 1; empty if it does not say",
    schema: Type.Object({ pan: signed, tilt: signed, zoom: signed }),
    withinMs: WITHIN_MS,
    read: (signal) => ptz.position(signal),
  });
}

async function presetOf(ptz: OnvifPtz, wanted: string, signal: AbortSignal) {
  const presets = await ptz.readPresets(signal);
  const found = presets.find(({ name }) => name === wanted);
  if (found) return found;
  const names = presets.map(({ name }) => name).join(", ") || "none";
  throw new ThingError("BAD_ARGUMENT", `The camera has no preset '${wanted}'. It has: ${names}.`);
}
