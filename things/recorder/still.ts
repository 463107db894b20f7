import {
  affordancesOf,
  type Camera,
  type Frame,
  isAbort,
  ThingError,
  withDeadline,
  withExif,
} from "thingscope";

/** What belongs to a picture beside the picture. */
export interface Circumstances {
  readonly camera: Camera;
  /** `thingState()` of every Thing by name, e.g. where the stage was. */
  readonly thingStates: Record<string, unknown>;
}

const PATIENCE_MS = 15_000;
const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1 };

/**
 * A frame as a JPEG file that tells how it was taken: exposure, time, who the frame is, and in the user comment, as OpenFlexure
 * writes it, the state of all Things. The picture is not encoded again.
 */
export function stillOf(frame: Frame, { camera, thingStates }: Circumstances): Uint8Array {
  const { run, index, capturedAt } = frame;
  const stream = camera.mjpeg_stream.name;
  return withExif(frame.jpeg, {
    model: (camera.constructor as typeof Camera).title,
    software: "thingscope",
    description: `${stream}, run ${run}, frame ${index}`,
    capturedAt,
    exposure: exposureOf(camera),
    comment: {
      thing_states: thingStates,
      camera: settingsOf(camera),
      frame: { stream, run, index, capturedAt, ...(frame.origin && { origin: frame.origin }) },
    },
  });
}

/** The next frame of a camera. @throws {ThingError} `NO_FRAME`, with the reason, when none comes in time. */
export async function nextFrame(camera: Camera, signal: AbortSignal): Promise<Frame> {
  try {
    return await withDeadline(PATIENCE_MS, signal, (either) => camera.mjpeg_stream.grab(either));
  } catch (error) {
    if (signal.aborted || !isAbort(error)) throw error;
    const { state, reason = "it gave no reason" } = camera.state;
    throw new ThingError(
      "NO_FRAME",
      `Camera '${camera.name}' gave no frame for ${PATIENCE_MS / 1000} s. It is ${state}: ${reason}`,
    );
  }
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
