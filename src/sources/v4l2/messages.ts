import { type Static, type TSchema, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { misfitsIn } from "../../core/schema.ts";

// What the V4L2 camera program sends; docs/internals/v4l2-program.md describes each member.

const Whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Fourcc = Type.String({ minLength: 1, maxLength: 12 });
/** Seconds, as a fraction. */
const Interval = Type.Tuple([Whole, Whole]);
/** Smallest, largest and step. */
const Range = Type.Tuple([Whole, Whole, Whole]);
const Payload = Type.Enum(["jpeg", "encoded", "raw"]);

const Intervals = Type.Array(
  Type.Object({
    type: Type.Enum(["discrete", "stepwise"]),
    interval: Type.Optional(Interval),
    min: Type.Optional(Interval),
    max: Type.Optional(Interval),
    step: Type.Optional(Interval),
  }),
  { maxItems: 64 },
);

const Sizes = Type.Array(
  Type.Object({
    type: Type.Enum(["discrete", "stepwise"]),
    width: Type.Union([Whole, Range]),
    height: Type.Union([Whole, Range]),
    intervals: Intervals,
  }),
  { maxItems: 128 },
);

const Format = Type.Object({
  fourcc: Fourcc,
  width: Whole,
  height: Whole,
  interval: Type.Optional(Type.Union([Interval, Type.Null()])),
  payload: Type.Optional(Payload),
});

const Flags = Type.Array(Type.String({ maxLength: 40 }), { maxItems: 40 });
const Text = Type.String({ maxLength: 1000 });
/** Beyond ±(2^53 - 1) a string of digits. */
const Numeric = Type.Union([Type.Number(), Type.String({ maxLength: 40 })]);
/** Bytes of a string or an array, at most. */
const LONGEST_VALUE = 4096;
/** A number, a boolean, a string, an array, an area, or null. */
const Value = Type.Unsafe<unknown>(
  Type.Union([
    ...[Type.Number(), Type.Boolean(), Type.Null(), Type.String({ maxLength: LONGEST_VALUE })],
    Type.Array(Numeric, { maxItems: LONGEST_VALUE }),
    Type.Object({ width: Whole, height: Whole }),
  ]),
);
const Limit = Type.Optional(Numeric);

const Control = Type.Object({
  id: Whole,
  name: Text,
  class: Type.Optional(Type.Union([Text, Type.Null()])),
  type: Type.String({ maxLength: 40 }),
  min: Limit,
  max: Limit,
  step: Limit,
  default: Value,
  value: Value,
  flags: Flags,
  menu: Type.Optional(
    Type.Array(
      Type.Object({ index: Whole, name: Type.Optional(Text), value: Type.Optional(Value) }),
      { maxItems: 256 },
    ),
  ),
  dims: Type.Optional(Type.Array(Whole, { maxItems: 8 })),
  elems: Type.Optional(Whole),
});

const Device = Type.Object({
  node: Text,
  driver: Text,
  card: Text,
  bus_info: Text,
  format: Type.Union([Format, Type.Null()]),
  modes: Type.Array(
    Type.Object({ fourcc: Fourcc, description: Text, payload: Payload, sizes: Sizes }),
    { maxItems: 64 },
  ),
  controls: Type.Array(Control, { maxItems: 512 }),
  events: Type.Boolean(),
});

const ControlChange = Type.Object({
  id: Whole,
  changes: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 8 }),
  value: Type.Optional(Value),
  flags: Type.Optional(Flags),
  min: Limit,
  max: Limit,
  step: Limit,
  default: Type.Optional(Value),
});

const Trouble = Type.Object({
  ioctl: Type.String({ maxLength: 100 }),
  errno: Type.String({ maxLength: 40 }),
  message: Text,
  fatal: Type.Optional(Type.Boolean()),
  id: Type.Optional(Type.Union([Whole, Type.Null()])),
  offers: Type.Optional(Format),
});

const Answer = Type.Object({
  answer: Type.Union([Whole, Type.Null()]),
  ok: Type.Boolean(),
  error: Type.Optional(Trouble),
  values: Type.Optional(Type.Record(Type.String(), Value)),
  format: Type.Optional(Format),
  away_ms: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
});

const Source = Type.Object({
  changes: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 8 }),
});

/** A device with its modes and controls. */
export type V4l2Description = Static<typeof Device>;
/** One control of it. */
export type V4l2Control = Static<typeof Control>;
/** A picture format, size and rate. */
export type V4l2Format = Static<typeof Format>;
/** What changed in a control. */
export type V4l2ControlChange = Static<typeof ControlChange>;
/** Why the device, or the program, refused or failed. */
export type V4l2Trouble = Static<typeof Trouble>;
/** The answer to a command. */
export type V4l2Answer = Static<typeof Answer>;

/** A message of the program, without the bytes of a frame. */
export type V4l2Message =
  | { readonly type: "device"; readonly device: V4l2Description }
  | { readonly type: "control"; readonly change: V4l2ControlChange }
  | { readonly type: "source"; readonly changes: readonly string[] }
  | { readonly type: "error"; readonly trouble: V4l2Trouble }
  | { readonly type: "answer"; readonly answer: V4l2Answer };

/** The type of a message. */
export type MessageType = "D" | "F" | "C" | "S" | "E" | "A";
/** Types of messages by the fourth byte of their header. */
export const MESSAGE_TYPES: readonly (MessageType | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => (["D", "F", "C", "S", "E", "A"] as const).find((one) => one.charCodeAt(0) === code),
);

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws {ThingError} `SOURCE_FAILED` unless the text is a JSON object of that message. */
export function readMessage(type: Exclude<MessageType, "F">, json: Uint8Array): V4l2Message {
  switch (type) {
    case "D":
      return { type: "device", device: parsed(Device, json) };
    case "C":
      return { type: "control", change: parsed(ControlChange, json) };
    case "S":
      return { type: "source", changes: parsed(Source, json).changes };
    case "E":
      return { type: "error", trouble: parsed(Trouble, json) };
    case "A":
      return { type: "answer", answer: parsed(Answer, json) };
  }
}

function parsed<T extends TSchema>(schema: T, json: Uint8Array): Static<T> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(json));
  } catch (cause) {
    throw brokenWire("a text that is not JSON", cause);
  }
  const [misfit] = misfitsIn(schema, value);
  if (!misfit) return value as Static<T>;
  throw brokenWire(`a message whose member '${misfit.instancePath}' ${misfit.message}`);
}

/** The error that ends a run of the program: nothing that it says can be trusted any more. */
export function brokenWire(what: string, cause?: unknown): ThingError {
  return new ThingError(
    "SOURCE_FAILED",
    `The V4L2 camera program sent ${what}. It is ended and started again; if this repeats, reinstall thingscope.`,
    { cause },
  );
}
