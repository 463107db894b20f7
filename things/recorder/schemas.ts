import { storedFileSchema } from "thingscope";
import { RECORDING_SCHEMA } from "thingscope/recording";
import { type Static, Type } from "typebox";

/** What a Recorder's clients send and are sent. */
export const RecordingFile = storedFileSchema(RECORDING_SCHEMA);

/** What is another in the list of recordings. */
export const Changes = Type.Object({
  changed: Type.Array(RecordingFile, {
    description: "Those that have come, ended, or of which something else is to be said",
  }),
  removed: Type.Array(Type.String(), { description: "Ids of those that are gone" }),
});

const Bytes = Type.Integer({ unit: "B", minimum: 0 });
export const Disk = Type.Object({
  free: Bytes,
  total: Bytes,
  recordings: Type.Integer({ unit: "B", minimum: 0, description: "Used by recordings" }),
  reserve: Type.Integer({ unit: "B", minimum: 0, description: "Space that recordings leave free" }),
  quota: Type.Optional(
    Type.Integer({ unit: "B", minimum: 0, description: "The limit for recordings" }),
  ),
  trouble: Type.Optional(
    Type.String({
      description: "Why it cannot be read now; the other values are the last known ones",
    }),
  ),
});
export type Disk = Static<typeof Disk>;

export const Lost = Type.Object({
  name: Type.String({ description: "Of the file" }),
  why: Type.String({ description: "Why the recording ended" }),
});
export type Lost = Static<typeof Lost>;

export const NoRoom = Type.Object({
  why: Type.String({ description: "The reason, and what to do" }),
});
export type NoRoom = Static<typeof NoRoom>;

export const STATES = [
  "idle",
  "detached",
  "buffering",
  "starting",
  "recording",
  "finishing",
] as const;
export type State = (typeof STATES)[number];

/** Whether something is being recorded, or its file closed: not while frames are waited for. */
export function isRecording(state: State): boolean {
  return state === "starting" || state === "recording" || state === "finishing";
}

const Reason = Type.Optional(Type.String({ maxLength: 200, description: "Written into the file" }));

export const Trigger = Type.Object({
  reason: Reason,
  until_stopped: Type.Optional(
    Type.Boolean({
      description:
        "Go on until stop_recording is called, not only for the seconds after the trigger",
    }),
  ),
  max_delay: Type.Optional(
    Type.Number({ minimum: 0, unit: "s", default: 1, description: "Until the file is there" }),
  ),
});
export type Trigger = Static<typeof Trigger>;

const name = Type.Optional(
  Type.String({
    pattern: "^[\\w-]{1,80}$",
    description: "Of the file; camera and time when absent",
  }),
);
const positive = { exclusiveMinimum: 0 } as const;
export const Start = Type.Object({
  name,
  reason: Reason,
  split: Type.Optional(Type.Number({ ...positive, unit: "s", description: "Length of a file" })),
  split_size: Type.Optional(
    Type.Number({ ...positive, unit: "MB", description: "Size of a file" }),
  ),
  max_files: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: "Maximum number of files; the oldest is removed for the newest",
    }),
  ),
});
export type Start = Static<typeof Start>;

export const Lapse = Type.Object({
  name,
  reason: Reason,
  interval: Type.Number({ ...positive, unit: "s", description: "From one picture to the next" }),
  count: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: "Number of pictures. Default: until it is cancelled",
    }),
  ),
});
export type Lapse = Static<typeof Lapse>;

export const Still = Type.Object({
  name,
  settle: Type.Optional(
    Type.Boolean({ default: true, description: "Wait until vibration has settled" }),
  ),
});
export type Still = Static<typeof Still>;

export const Export = Type.Object({
  id: Type.String({ description: "Of a recording, an MKV that is closed" }),
  format: Type.Enum(["mp4", "webm"]),
  replace: Type.Optional(
    Type.Boolean({ description: "Remove the MKV once the result is verified to have every frame" }),
  ),
});
export type Export = Static<typeof Export>;

export const Verify = Type.Object({
  id: Type.String({ description: "Of a recording" }),
});
export type Verify = Static<typeof Verify>;

export const Verified = Type.Object({
  ok: Type.Boolean({ description: "Whether the file is closed and agrees with its ledger" }),
  sentence: Type.String({ description: "The whole result" }),
  frames: Type.Integer({ description: "Whole frames in the file" }),
  expected: Type.Integer({ description: "Frames that the ledger lists, or that are in the file" }),
  missing: Type.Integer(),
  damaged: Type.Integer(),
  unlisted: Type.Integer({ description: "Frames in the file that the ledger does not list" }),
});
export type Verified = Static<typeof Verified>;

/** What a file that is written now has so far. */
export const Progress = Type.Object({
  name: Type.String({ description: "Of the file" }),
  frames: Type.Integer({ description: "Written so far" }),
  duration: Type.Number({ unit: "s", description: "From the first frame to the newest" }),
  dropped: Type.Integer({ description: "Frames that were lost so far" }),
  why_dropped: Type.Optional(Type.String({ description: "Why the newest of them were lost" })),
  size: Bytes,
});
export type Progress = Static<typeof Progress>;

export const ExportFailed = Type.Object({
  recording: RecordingFile,
  format: Type.Enum(["mp4", "webm"]),
  reason: Type.String(),
});

export const Summary = Type.Object({
  ended: Type.String({ description: "Why" }),
  captured: Type.Integer(),
  written: Type.Integer(),
  dropped: Type.Integer({ description: "Of those captured; the ledgers say why" }),
  files: Type.Array(RecordingFile),
});
export type Summary = Static<typeof Summary>;

const EpochMs = Type.Number({ unit: "ms", description: "Since 1970, on the clock of the frames" });
const ms = (description: string) => Type.Number({ unit: "ms", minimum: 0, description });
const Quality = Type.Object(
  {
    recordings: Type.Integer({ description: "That were compared: those whose times are known" }),
    sets: Type.Integer({ description: "Of frames, that were compared" }),
    medianMs: ms("Half of the sets are no further apart"),
    p95Ms: ms("95 of 100 sets are no further apart"),
    worstMs: ms("The set that is furthest apart"),
    uncertaintyMs: ms("How far off these may be, since clocks of several machines are compared"),
  },
  { description: "How far apart frames of a set were captured: one frame of each recording" },
);

/** How a machine's clock stands to that of its fleet. */
export const Clock = Type.Object({
  reference: Type.String({ description: "The member whose clock is the fleet's" }),
  offsetMs: Type.Number({ unit: "ms", description: "How far this one is ahead of that" }),
  uncertaintyMs: Type.Number({ unit: "ms", minimum: 0 }),
});

/** How far a clock went from that of the fleet during a recording. */
export const driftMs = Type.Optional(
  Type.Number({ unit: "ms", description: "How much further ahead of the fleet's at the end" }),
);

/** What several recorders recorded together. */
export const Manifest = Type.Object({
  manifest: Type.Literal(1),
  name: Type.String(),
  host: Type.String({ description: "The host whose clock it is" }),
  clock: Type.Optional(Clock),
  from: EpochMs,
  until: EpochMs,
  started: Type.String({ format: "date-time" }),
  stopped: Type.String({ format: "date-time" }),
  quality: Type.Optional(Quality),
  recordings: Type.Array(
    Type.Object({
      recorder: Type.String(),
      camera: Type.String(),
      host: Type.String({ description: "The host that recorded it" }),
      clock: Type.Optional(Clock),
      driftMs,
      ended: Type.String({ description: "Why, or why nothing more is known of it" }),
      captured: Type.Optional(Type.Integer({ description: "Absent where it is not known" })),
      written: Type.Optional(Type.Integer()),
      dropped: Type.Optional(Type.Integer()),
      files: Type.Array(RecordingFile),
    }),
  ),
});
export type Manifest = Static<typeof Manifest>;

export const ManifestFile = storedFileSchema({
  started: { type: "string", format: "date-time" },
  duration: { type: "number", unit: "s", description: "From the common start to the common end" },
  recorders: { type: "integer" },
  frames: { type: "integer", description: "Frames in all files" },
  dropped: { type: "integer", description: "Captured frames that are not in a file" },
});
