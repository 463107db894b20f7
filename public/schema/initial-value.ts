import type { Schema } from "../things/td.ts";
import { fieldKindOf } from "./field-kinds.ts";
import { choicesOf, soundSchema } from "./sound-schema.ts";

/**
 * What a value begins as: the default, else what can only be so. Undefined where someone has to say: a number, a choice, what is
 * like that in which it is.
 * @param root - Where `#/...` leads to.
 */
export function initialOf(given: unknown, root: unknown = given): unknown {
  return initialWithin(given, { root, outer: [], left: MOST_PARTS });
}

/** Whether only nothing is valid: null, an object without members, or either. Nobody has to enter that. */
export function isForNothing(given: unknown): boolean {
  const { oneOf } = soundSchema(given, given);
  return (oneOf ?? [given]).every((one) => {
    const { type, properties, additionalProperties } = soundSchema(one, given);
    const isEmpty = additionalProperties === false && Object.keys(properties ?? {}).length === 0;
    return type === "null" || (type === "object" && isEmpty);
  });
}

/** A schema of so many parts is filled in part by part, as they are wanted. */
const MOST_PARTS = 1000;

/** A value that is put together. */
interface Start {
  readonly root: unknown;
  /** The schemas in which it is. */
  readonly outer: readonly Schema[];
  /** So many parts may be filled in yet. */
  left: number;
}

function initialWithin(given: unknown, start: Start): unknown {
  const { root, outer } = start;
  const schema = soundSchema(given, root);
  if (schema.default !== undefined) return structuredClone(schema.default);
  start.left -= 1;
  if (start.left < 0 || outer.includes(schema)) return undefined;
  const inner = (part: unknown) => {
    const below = { root, outer: [...outer, schema], left: start.left };
    const value = initialWithin(part, below);
    start.left = below.left;
    return value;
  };
  const { items, minItems = 0 } = schema;
  switch (fieldKindOf(schema, root)) {
    case "constant":
      return schema.const ?? null;
    case "switch":
      return false;
    case "choice":
      return initialOfChoice(choicesOf(schema, root), inner);
    case "object":
      return initialMembers(schema, inner);
    case "tuple": {
      const schemas = Array.isArray(items) ? items : Array.from({ length: minItems }, () => items);
      const values = schemas.map(inner);
      return values.includes(undefined) ? undefined : values;
    }
    case "list":
      return Array.from({ length: Math.min(minItems, 100) }, () => inner(items));
    case "numbers":
    case "flags":
      return minItems === 0 ? [] : undefined;
    case "text":
      return schema.format || schema.pattern || schema.minLength ? undefined : "";
    default:
      return undefined;
  }
}

/** The first of several that needs nobody to say more: nothing at all, where that is one of them. */
function initialOfChoice(choices: readonly Schema[], inner: (part: unknown) => unknown): unknown {
  return choices.some(({ type }) => type === "null") ? null : inner(choices[0]);
}

function initialMembers(
  { properties = {}, required = [] }: Schema,
  inner: (part: unknown) => unknown,
) {
  const members = required
    .filter((name) => Object.hasOwn(properties, name))
    .map((name) => [name, inner(properties[name])])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}
