import { type Static, Type } from "typebox";

/** What a Probe is made with: see ProbeOptions. */
export const Options = Type.Object({
  producer: Type.Optional(Type.Unknown()),
  consumer: Type.Optional(Type.Unknown()),
  file: Type.Optional(Type.String({ minLength: 1 })),
  url: Type.Optional(Type.String()),
  log: Type.Optional(Type.Boolean()),
  queue: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  patience_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3600 })),
  slow_ms: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});

const Count = (description: string) => Type.Integer({ minimum: 0, description });

/** What a Probe did since it was opened. */
export const Counts = Type.Object({
  frames: Count("Frames that were looked at"),
  skipped: Count("Frames that were not: looking had taken more than half of the time"),
  events: Count("What was found"),
  producerFailed: Count("Frames at which looking failed"),
  slow: Count("Frames for which looking took too long"),
  consumed: Count("Frames whose events were taken"),
  dropped: Count("Frames whose events were lost: they came faster than they were taken"),
  failed: Count("Frames whose events were not taken, because that failed"),
  untold: Count("Frames whose events the file or the address did not get"),
});
export type Counts = Static<typeof Counts>;

/** What was found in one frame. */
export const Detections = Type.Object({
  camera: Type.String(),
  run: Type.String(),
  index: Type.Integer({ minimum: 0 }),
  capturedAt: Type.Number({ unit: "ms", description: "Of the frame, since 1970" }),
  events: Type.Array(Type.Unknown()),
});
export type Detections = Static<typeof Detections>;
