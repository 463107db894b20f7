import type { Schema } from "../things/td.ts";
import { fieldKindOf } from "./field-kinds.ts";
import { choicesOf, soundSchema } from "./sound-schema.ts";

/** Deeper than that nothing is filled in: a schema that requires itself has no end. */
const DEEPEST = 8;

/**
 * What a value begins as: the default, else what can only be so. Undefined where someone has to say: a number, a choice.
 * @param root - Where `#/...` leads to.
 */
export function initialOf(given: unknown, root: unknown = given, depth = 0): unknown {
  const schema = soundSchema(given, root);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (depth > DEEPEST) return undefined;
  const { items, minItems = 0 } = schema;
  switch (fieldKindOf(schema, root)) {
    case "constant":
      return schema.const ?? null;
    case "switch":
      return false;
    case "choice":
      return initialOfChoice(schema, root, depth);
    case "object":
      return initialMembers(schema, root, depth);
    case "tuple": {
      const schemas = Array.isArray(items) ? items : Array.from({ length: minItems }, () => items);
      const values = schemas.map((inner) => initialOf(inner, root, depth + 1));
      return values.includes(undefined) ? undefined : values;
    }
    case "list":
      return Array.from({ length: Math.min(minItems, 100) }, () =>
        initialOf(items, root, depth + 1),
      );
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
function initialOfChoice(schema: Schema, root: unknown, depth: number): unknown {
  const choices = choicesOf(schema, root);
  if (choices.some(({ type }) => type === "null")) return null;
  return initialOf(choices[0], root, depth + 1);
}

function initialMembers({ properties = {}, required = [] }: Schema, root: unknown, depth: number) {
  const members = required
    .filter((name) => Object.hasOwn(properties, name))
    .map((name) => [name, initialOf(properties[name], root, depth + 1)])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}
