import { isRecord } from "../base/values.ts";

/** A schema of one number, boolean or string, with nothing that takes more than a comparison to see. */
interface ScalarSchema {
  readonly type: "number" | "integer" | "boolean" | "string";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
}

const TYPES: ReadonlySet<unknown> = new Set(["number", "integer", "boolean", "string"]);
const isNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown) => typeof value === "string";
const isAnything = () => true;

/** The keywords that it may have, each with what its value has to be. */
const KEYWORDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["type", (type: unknown) => TYPES.has(type)],
  ["minimum", isNumber],
  ["maximum", isNumber],
  ["maxLength", (length: unknown) => Number.isInteger(length) && Number(length) >= 0],
  ["enum", isListOfScalars],
  ...["title", "description", "unit"].map((word) => [word, isText] as const),
  ["default", isAnything],
]);
/** What a type has besides: another keyword there is a mistake, which is told by who knows them all. */
const OF_TYPE: Readonly<Record<ScalarSchema["type"], ReadonlySet<string>>> = {
  number: new Set(["minimum", "maximum"]),
  integer: new Set(["minimum", "maximum"]),
  boolean: new Set(),
  string: new Set(["maxLength"]),
};
const BOUNDS = ["minimum", "maximum", "maxLength"];

const known = new WeakMap<object, boolean>();

/** Whether a schema is as simple as that, and right: then nothing has to be compiled for it until a value does not fit. */
export function isScalarSchema(schema: unknown): schema is ScalarSchema {
  if (!isRecord(schema)) return false;
  const before = known.get(schema);
  if (before !== undefined) return before;
  const is =
    KEYWORDS.get("type")!(schema.type) &&
    Object.entries(schema).every(([word, value]) => KEYWORDS.get(word)?.(value) === true) &&
    BOUNDS.every((word) => !(word in schema) || ofType(schema.type).has(word));
  known.set(schema, is);
  return is;
}

/** Whether a value is seen to fit such a schema. False is no verdict: others say what is wrong, if anything is. */
export function fitsScalar(schema: unknown, value: unknown): boolean {
  if (typeof value === "object" || !isScalarSchema(schema)) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string" && value.length <= (schema.maxLength ?? Infinity);
    default:
      return isWithin(schema, value);
  }
}

function isWithin({ type, minimum, maximum }: ScalarSchema, value: unknown): boolean {
  const isFit = type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
  if (!isFit) return false;
  return Number(value) >= (minimum ?? -Infinity) && Number(value) <= (maximum ?? Infinity);
}

function ofType(type: unknown): ReadonlySet<string> {
  return OF_TYPE[type as ScalarSchema["type"]];
}

/** Each once, and none that is compared by its members. */
function isListOfScalars(list: unknown): boolean {
  if (!Array.isArray(list) || list.length === 0) return false;
  return new Set(list).size === list.length && list.every((one) => typeof one !== "object");
}
