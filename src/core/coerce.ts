import type { TSchema } from "typebox";
import { isExact } from "../base/exact-numbers.ts";

/** The parts of a JSON Schema that say what a value is made of. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape | readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/**
 * A client's value with each string read as the number or boolean that `schema` has in its place, and 0 and 1 as
 * booleans, as pydantic's lax mode does: a page's input fields give strings. What does not read so, or what the schema
 * takes as it is, stays as it is. Objects and arrays are copied where something in them is read differently.
 * @see https://docs.pydantic.dev/latest/concepts/conversion_table/
 */
export function coerce(schema: TSchema, value: unknown): unknown {
  return read(schema as Shape, value);
}

function read(shape: Shape, value: unknown): unknown {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices) return readAsOneOf(choices, value);
  if (Array.isArray(value)) return readItems(shape.items, value);
  if (typeof value === "object" && value !== null) return readMembers(shape.properties, value);
  return readScalar(shape, value);
}

/** The first choice that reads the value wins, unless some choice takes it as it is. */
function readAsOneOf(choices: readonly Shape[], value: unknown): unknown {
  if (choices.some((choice) => takes(choice, value))) return value;
  for (const choice of choices) {
    const found = read(choice, value);
    if (found !== value) return found;
  }
  return value;
}

function readItems(items: Shape["items"], value: readonly unknown[]): unknown {
  if (items === undefined) return value;
  const shapeAt = (index: number) => (Array.isArray(items) ? items[index] : items);
  let changed = false;
  const found = value.map((item, index) => {
    const shape: Shape | undefined = shapeAt(index);
    const one = shape ? read(shape, item) : item;
    changed ||= one !== item;
    return one;
  });
  return changed ? found : value;
}

function readMembers(properties: Shape["properties"] = {}, value: object): unknown {
  let found = value;
  for (const [name, member] of Object.entries(value)) {
    if (!Object.hasOwn(properties, name)) continue;
    const one = read(properties[name]!, member);
    if (one !== member) found = { ...found, [name]: one };
  }
  return found;
}

function readScalar(shape: Shape, value: unknown): unknown {
  if (shape.enum !== undefined || shape.const !== undefined || takes(shape, value)) return value;
  for (const type of typesOf(shape)) {
    const found = READERS[type]?.(value);
    if (found !== undefined) return found;
  }
  return value;
}

/** Whether the value may be what the schema says, by its type alone. */
function takes(shape: Shape, value: unknown): boolean {
  if (shape.const !== undefined) return shape.const === value;
  if (shape.enum !== undefined) return shape.enum.includes(value);
  const types = typesOf(shape);
  if (types.length === 0) return true;
  if (Array.isArray(value)) return types.includes("array");
  if (value === null) return types.includes("null");
  if (typeof value === "number")
    return types.includes("number") || (types.includes("integer") && Number.isInteger(value));
  return types.includes(typeof value);
}

function typesOf({ type = [] }: Shape): readonly string[] {
  return typeof type === "string" ? [type] : type;
}

const READERS: Readonly<Record<string, (value: unknown) => number | boolean | undefined>> = {
  integer: (value) => numberIn(value, INTEGER),
  number: (value) => numberIn(value, NUMBER),
  boolean: (value) => BOOLEANS.get(typeof value === "string" ? value.toLowerCase() : value),
};

const INTEGER = /^[+-]?\d+(?:_\d+)*(?:\.0*)?$/;
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** No number that a double holds needs more characters. */
const LONGEST_NUMBER = 400;

function numberIn(value: unknown, pattern: RegExp): number | undefined {
  if (typeof value !== "string" || value.length > LONGEST_NUMBER) return;
  const text = value.trim();
  if (!pattern.test(text)) return;
  const number = Number(text.replaceAll("_", ""));
  if (pattern === INTEGER ? Number.isSafeInteger(number) : isExact(text.replaceAll("_", "")))
    return number;
}

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...["true", "t", "yes", "y", "on", "1", 1].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0", 0].map((word) => [word, false] as const),
]);
