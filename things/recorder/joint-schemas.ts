import { type Static, Type } from "typebox";
import { Clock, driftMs, RecordingFile, Summary } from "./schemas.ts";

const id = Type.String({ maxLength: 100, description: "Of the recording, as hold_recording says" });
const Moment = {
  at: Type.Number({ unit: "ms", description: "Since 1970, on the clock of the fleet" }),
  reference: Type.String({ maxLength: 63, description: "The member whose clock that is" }),
  origin: Type.Number({ unit: "ms", description: "When that member's process began" }),
};

/** A recording whose file is open, and which takes no frames yet. */
export const Held = Type.Object({
  id,
  camera: Type.String(),
  host: Type.String(),
  clock: Clock,
  file: RecordingFile,
});
export type Held = Static<typeof Held>;

export const Begin = Type.Object({ id, ...Moment });
export type Begin = Static<typeof Begin>;

export const End = Type.Object({
  id,
  at: Type.Optional(Moment.at),
  reference: Type.Optional(Moment.reference),
  origin: Type.Optional(Moment.origin),
});
export type End = Static<typeof End>;

export const EndedSummary = Type.Intersect([Summary, Type.Object({ driftMs })]);
export type EndedSummary = Static<typeof EndedSummary>;

export const TimesOf = Type.Object({
  id: Type.String({ description: "Of a recording" }),
  skip: Type.Optional(Type.Integer({ minimum: 0, description: "Frames before the first" })),
});
export type TimesOf = Static<typeof TimesOf>;

export const Times = Type.Object({
  clock: Type.Optional(Clock),
  times: Type.Array(Type.Number({ unit: "ms" }), { description: "Since 1970, one a frame" }),
  hasMore: Type.Boolean({ description: "Whether there are more behind them" }),
});
export type Times = Static<typeof Times>;
