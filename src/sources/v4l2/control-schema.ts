import { type TSchema, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { controlFacts } from "./control-names.ts";
import type { V4l2Control } from "./messages.ts";

/** How values of a control are written in JSON, and on the wire of the camera program. */
export interface ControlCodec {
  /** Undefined for a control whose values are not for JSON. */
  readonly schema: TSchema;
  fromWire(value: unknown): unknown;
  /** @param value - One that fits the schema. */
  toWire(value: unknown): string;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const DIGITS = "^-?[0-9]{1,19}$";
const INTEGERS = new Set(["integer", "integer64", "u8", "u16", "u32"]);
/** The flag of an array of any length. */
const DYNAMIC = "dynamic-array";
const LONGEST_TEXT = 1000; // characters of a label

/**
 * The schema of a control's values, and what it is in JSON.
 * @returns Undefined for a button, which has none, and for types that V4L2's own programs know alone.
 */
export function controlCodec(control: V4l2Control): ControlCodec | undefined {
  if (isArray(control)) return arrayCodec(control);
  switch (control.type) {
    case "boolean":
      return codec(Type.Boolean(defaultOf(control)), Boolean, (value) => (value ? "1" : "0"));
    case "menu":
    case "integer-menu":
      return codec(menuSchema(control), Number, String);
    case "bitmask":
      return bitmaskCodec(control);
    case "string":
      return codec(textSchema(control), String, encoded);
    case "area":
      return areaCodec();
    default:
      return INTEGERS.has(control.type) ? integerCodec(control) : undefined;
  }
}

function codec(
  schema: TSchema,
  fromWire: (value: unknown) => unknown,
  toWire: (value: unknown) => string,
): ControlCodec {
  return { schema, fromWire, toWire };
}

/** Drivers have 32 bits, of which the highest may come as a sign. */
function bitmaskCodec(control: V4l2Control): ControlCodec {
  const bits = (value: unknown) => Number(value) >>> 0;
  const maximum = Math.max(bits(control.max ?? -1), bits(control.value));
  const schema = Type.Integer({ ...defaultOf(control), minimum: 0, maximum });
  return codec(schema, bits, String);
}

/** Beyond what a number holds exactly, values are strings of digits. */
function integerCodec(control: V4l2Control): ControlCodec {
  const [min, max] = [numberOf(control.min), numberOf(control.max)];
  if (min === undefined || max === undefined)
    return codec(Type.String({ pattern: DIGITS, ...unitOf(control) }), String, String);
  return codec(
    Type.Integer({ ...limitsOf(control, min, max), ...defaultOf(control) }),
    Number,
    String,
  );
}

/**
 * Drivers report values that they would refuse: limits reach as far as the present one, since it is to be read. Steps count from
 * the minimum, `multipleOf` from 0: it is said where both are the same.
 */
function limitsOf(control: V4l2Control, min: number, max: number) {
  const { value } = control;
  const step = numberOf(control.step) ?? 0;
  const present = [value].flat().filter((one) => typeof one === "number");
  const isFromZero = step > 1 && [min, ...present].every((one) => one % step === 0);
  return {
    ...(min <= max && { minimum: Math.min(min, ...present), maximum: Math.max(max, ...present) }),
    ...(isFromZero && { multipleOf: step }),
    ...unitOf(control),
  };
}

function unitOf({ id }: V4l2Control): { unit?: string } {
  const { unit } = controlFacts(id);
  return unit ? { unit } : {};
}

/** Numbers with their labels, each a `const` with its `title`: a Thing Description has an `enum` of the numbers beside them. */
function menuSchema(control: V4l2Control): TSchema {
  const { menu = [], value } = control;
  const entries = menu.map(({ index, name, value }) => ({
    const: index,
    title: (name ?? String(value ?? index)).slice(0, LONGEST_TEXT),
  }));
  const isKnown = typeof value !== "number" || entries.some((entry) => entry.const === value);
  const all = isKnown ? entries : [...entries, { const: value, title: `(${value})` }];
  if (all.length === 0) return Type.Integer(defaultOf(control));
  const values = all.map((entry) => entry.const);
  return Type.Unsafe<number>({
    ...{ type: "integer", oneOf: all },
    ...defaultOf(control, (one) => values.includes(Number(one))),
  });
}

function textSchema(control: V4l2Control): TSchema {
  const [min = 0, max = 0] = [numberOf(control.min), numberOf(control.max)];
  const shortest = typeof control.value === "string" && control.value.length < min ? 0 : min;
  return Type.String({ minLength: shortest, ...(max > 0 && { maxLength: max }) });
}

function encoded(text: unknown): string {
  try {
    return encodeURIComponent(String(text));
  } catch (cause) {
    const sentence = "The text has half of a character (a lone surrogate). Remove it.";
    throw new ThingError("INVALID_INPUT", sentence, { cause });
  }
}

function areaCodec(): ControlCodec {
  const side = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });
  const schema = Type.Object({ width: side, height: side });
  return codec(
    schema,
    (value) => value,
    (value) => {
      const { width, height } = value as { width: number; height: number };
      return `${width}x${height}`;
    },
  );
}

/** Of a dynamic array `elems` is how many it has now, which may be one or none. */
function isArray({ elems = 1, flags }: V4l2Control): boolean {
  return elems !== 1 || flags.includes(DYNAMIC);
}

function arrayCodec(control: V4l2Control): ControlCodec | undefined {
  const { type, elems: now = 0, flags, dims } = control;
  const [min, max] = [numberOf(control.min), numberOf(control.max)];
  const isNumbers = INTEGERS.has(type) || type === "boolean";
  const isDynamic = flags.includes(DYNAMIC);
  const elems = (isDynamic ? dims?.[0] : undefined) ?? now;
  if (!isNumbers || elems === 0 || min === undefined || max === undefined) return undefined;
  const one =
    type === "boolean" ? Type.Boolean() : Type.Integer(limitsOf({ ...control, step: 1 }, min, max));
  const length = isDynamic ? { maxItems: elems } : { minItems: elems, maxItems: elems };
  return codec(
    Type.Array(one, length),
    (value) => value,
    (value) => (value as unknown[]).map(Number).join(","),
  );
}

/** What the device begins with, and a reset sets, if it fits. */
function defaultOf(
  control: V4l2Control,
  fits = (value: unknown) => isWithin(control, value),
): { default?: number | boolean } {
  const { default: value } = control;
  if (control.type === "boolean") return { default: Boolean(value) };
  return typeof value === "number" && fits(value) ? { default: value } : {};
}

function isWithin(control: V4l2Control, value: unknown): boolean {
  const [min, max] = [numberOf(control.min), numberOf(control.max)];
  if (typeof value !== "number") return false;
  const step = numberOf(control.step) ?? 0;
  const isOnStep = step <= 1 || (min ?? 0) % step !== 0 || value % step === 0;
  return isOnStep && (min === undefined || value >= min) && (max === undefined || value <= max);
}

function numberOf(limit: number | string | undefined): number | undefined {
  return typeof limit === "number" && Math.abs(limit) <= SAFE ? limit : undefined;
}
