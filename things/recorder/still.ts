import { affordancesOf, type Camera, type Frame, wallTime } from "thingscope";
import { type StillPicture, withExif } from "thingscope/frames";

/** What belongs to a picture beside the picture. */
export interface Circumstances {
  readonly camera: Camera;
  /** `thingState()` of every Thing by name, e.g. where the stage was. */
  readonly thingStates: Record<string, unknown>;
}

const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1 };

/**
 * A picture as a JPEG file that tells how it was taken: exposure, time, which frame it is if it is one, and in the user comment,
 * as OpenFlexure writes it, the state of all Things. The picture is not encoded again.
 */
export function stillOf(still: StillPicture, { camera, thingStates }: Circumstances): Uint8Array {
  const { frame, width, height } = still;
  const capturedAt = wallTime(still.capturedAt);
  return withExif(still.jpeg, {
    model: (camera.constructor as typeof Camera).title,
    software: "thingscope",
    description: frame
      ? `${camera.mjpeg_stream.name}, run ${frame.run}, frame ${frame.index}`
      : `${camera.name}, a still of ${width} x ${height}, no frame of its stream`,
    capturedAt,
    exposure: exposureOf(camera),
    comment: {
      thing_states: thingStates,
      camera: settingsOf(camera),
      ...(frame && { frame: identityOf(frame, camera.mjpeg_stream.name) }),
      still: { width, height, capturedAt },
    },
  });
}

/** How a file is called that nobody has named: `camera_20261125T190603Z`. */
export function timedName({ name }: Camera): string {
  return `${name}_${new Date(wallTime()).toISOString().replace(/[-:]|\.\d+/g, "")}`;
}

function identityOf({ run, index, capturedAt, origin }: Frame, stream: string) {
  return { stream, run, index, capturedAt: wallTime(capturedAt), ...(origin && { origin }) };
}

/** The settings of a camera by name. */
export function settingsOf(camera: Camera): Record<string, unknown> {
  return Object.fromEntries(
    propertiesOf(camera).flatMap(({ saved, name, member }) =>
      saved ? [[name, Reflect.get(camera, member)]] : [],
    ),
  );
}

/** How long the sensor collects light, s, if the camera has a property that says so: `exposure_time` as OpenFlexure's, or `exposure`. */
function exposureOf(camera: Camera): number | undefined {
  const property = ["exposure_time", "exposure"]
    .map((wanted) => propertiesOf(camera).find(({ name }) => name === wanted))
    .find((found) => found !== undefined);
  if (!property) return undefined;
  const value = Reflect.get(camera, property.member);
  const unit = "unit" in property.schema ? String(property.schema.unit) : "";
  const seconds = SECONDS[unit];
  return typeof value === "number" && seconds !== undefined ? value * seconds : undefined;
}

function propertiesOf(camera: Camera) {
  return affordancesOf(camera.constructor as typeof Camera).filter(
    (affordance) => affordance.kind === "property",
  );
}
