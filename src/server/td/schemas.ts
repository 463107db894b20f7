import { Type } from "typebox";
import { THING_STATES } from "../../core/thing-state.ts";
import { SOURCE_PHASES } from "../../streams/source-state.ts";

// What answers look like that are not values of a Thing.

const DateTime = Type.String({ format: "date-time" });
const Nullable = <T extends string>(type: T, options = {}) => ({
  type: [type, "null"],
  ...options,
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: "urn:thingscope:error:CODE, or a LabThings class" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What happened, why, and what to do" }),
    instance: Type.Optional(
      Type.Unsafe<string | null>(Nullable("string", { description: "The path" })),
    ),
    code: Type.String({ description: "Stable, in capitals" }),
    errors: Type.Optional(
      Type.Array(Type.Object({}), {
        description: "Faults of the input: where, what, and the rule; at most 20",
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
    description: "Clients that accept only JSON get 'failed' for the last two",
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
        description: "Progress, from 0 to 1 and in words",
        properties: { fraction: { type: "number" }, message: { type: "string" } },
      }),
    ),
  ),
  links: Type.Array(Type.Object({ href: Type.String(), rel: Type.String() })),
};

const InvocationSummarySchema = Type.Object(SUMMARY, {
  description: "One run of an action, as in lists",
});

export const InvocationSchema = Type.Object(
  {
    ...SUMMARY,
    input: Type.Optional(Type.Unknown()),
    output: Type.Optional(
      Type.Unknown({ description: "Output of a completed run; otherwise null" }),
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
  since: DateTime,
  nextTry: Type.Unsafe<string | null>(
    Nullable("string", {
      format: "date-time",
      description: "When it is opened again, while it is disconnected",
    }),
  ),
});

export const SourceStatusSchema = Type.Object(
  {
    state: Type.Enum([...SOURCE_PHASES]),
    reason: Type.Optional(Type.String({ description: "Why it delivers no frames" })),
    since: Type.Optional(
      Type.String({
        format: "date-time",
        description:
          "Since when it has been in this state; absent where a stream's producer adds frames itself",
      }),
    ),
  },
  { description: "State of a stream's source" },
);

export const FrameEntrySchema = Type.Object(
  {
    run: Type.String({ description: "Short id of the stream's run" }),
    index: Type.Integer({ minimum: 0, description: "Counts from 0 in its run" }),
    capturedAt: Type.Number({ unit: "ms", description: "End of exposure, Unix time" }),
    size: Type.Integer({ minimum: 0, unit: "bytes", description: "Length of the JPEG" }),
  },
  { description: "Identity, capture time and size of a frame" },
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
