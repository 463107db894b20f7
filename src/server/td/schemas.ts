import { Type } from "typebox";
import { THING_STATES } from "../../core/thing-state.ts";

// What answers look like that are not values of a Thing.

const DateTime = Type.String({ format: "date-time" });
const Nullable = <T extends string>(type: T, options = {}) => ({
  type: [type, "null"],
  ...options,
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: "urn:thingscope:error:CODE, or a class of LabThings" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What happened, why, and what to do" }),
    instance: Type.Optional(
      Type.Unsafe<string | null>(Nullable("string", { description: "The path" })),
    ),
    code: Type.String({ description: "Stable, in capitals" }),
    errors: Type.Optional(
      Type.Array(Type.Object({}), {
        description: "Each fault of an input: where, what, and the rule; 20 at most",
      }),
    ),
    errors_omitted: Type.Optional(
      Type.Integer({ minimum: 1, description: "How many more faults there are" }),
    ),
  },
  { description: "Problem Details for HTTP APIs (RFC 9457)" },
);

/** `null`, or left out for who accepts nothing but JSON. */
const MaybeTime = Type.Optional(
  Type.Unsafe<string | null>(Nullable("string", { format: "date-time" })),
);

const SUMMARY = {
  status: Type.Enum(["pending", "running", "completed", "failed", "error", "cancelled"], {
    description: "Who accepts nothing but JSON is told 'failed' for the last two",
  }),
  id: Type.String(),
  action: Type.String({ description: "Path of the action" }),
  href: Type.String({ format: "uri" }),
  timeRequested: DateTime,
  timeStarted: MaybeTime,
  timeCompleted: MaybeTime,
  timeEnded: MaybeTime,
  progress: Type.Optional(
    Type.Unsafe<unknown>(
      Nullable("object", {
        description: "How far it is, 0 to 1, and in words",
        properties: { fraction: { type: "number" }, message: { type: "string" } },
      }),
    ),
  ),
  links: Type.Array(Type.Object({ href: Type.String(), rel: Type.String() })),
};

const InvocationSummarySchema = Type.Object(SUMMARY, {
  description: "One run of an action, as lists have it",
});

export const InvocationSchema = Type.Object(
  {
    ...SUMMARY,
    input: Type.Optional(Type.Unknown()),
    output: Type.Optional(
      Type.Unknown({ description: "Of a completed run; null until then, and of any other" }),
    ),
    log: Type.Array(
      Type.Object({ message: Type.String(), levelname: Type.String(), created: DateTime }),
    ),
    error: Type.Optional(Type.Unsafe<unknown>({ oneOf: [ProblemSchema, { type: "null" }] })),
  },
  { description: "One run of an action" },
);

export const InvocationListSchema = Type.Array(InvocationSummarySchema);

export const ThingDescriptionSchema = Type.Object(
  { title: Type.String(), id: Type.String({ format: "uri" }) },
  { description: "W3C WoT Thing Description 1.1" },
);

/** By the name of each Thing. */
export const DescriptionsSchema = Type.Record(Type.String(), ThingDescriptionSchema);

export const ThingModelSchema = Type.Object(
  { title: Type.String() },
  { description: "W3C WoT Thing Model 1.1" },
);

export const ThingStateSchema = Type.Object({
  state: Type.Enum([...THING_STATES]),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: "Why it could not open, or is disconnected",
  }),
});

export const SourceStatusSchema = Type.Object(
  {
    state: Type.Enum(["idle", "starting", "live", "stalled", "failed"]),
    reason: Type.Optional(Type.String({ description: "Why it gives no frames" })),
  },
  { description: "What the source of a stream does" },
);

export const FrameEntrySchema = Type.Object(
  {
    run: Type.String({ description: "Short id of the stream's run" }),
    index: Type.Integer({ minimum: 0, description: "Counts from 0 in its run" }),
    capturedAt: Type.Number({ unit: "ms", description: "End of exposure, Unix time" }),
    size: Type.Integer({ minimum: 0, unit: "bytes", description: "Length of the JPEG" }),
  },
  { description: "Which frame, of when, how large" },
);

export const HeldFramesSchema = Type.Object({
  run: Type.String(),
  frames: Type.Array(
    Type.Intersect([
      FrameEntrySchema,
      Type.Object({ width: Type.Integer(), height: Type.Integer(), href: Type.String() }),
    ]),
  ),
});

export const UrlsSchema = Type.Record(Type.String(), Type.String({ format: "uri" }));

/** Those with a name of their own in the OpenAPI document. */
export const NAMED_SCHEMAS = {
  Problem: ProblemSchema,
  InvocationSummary: InvocationSummarySchema,
  Invocation: InvocationSchema,
  ThingDescription: ThingDescriptionSchema,
  ThingModel: ThingModelSchema,
  FrameEntry: FrameEntrySchema,
};
