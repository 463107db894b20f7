import type { Schema } from "../things/td.ts";
import { isSame, optionsOf } from "./field-kinds.ts";
import { choicesOf, isObject, soundSchema } from "./sound-schema.ts";
import { withUnit } from "./units.ts";

/** Deeper than that a value is not looked at: the server does. */
const DEEPEST = 40;

/**
 * What is wrong with a value, in a sentence, before it is sent; undefined where nothing is seen. The server has the last word.
 * Only the value itself is looked at, not what it consists of: each field says that of its own.
 * @param schema - As `soundSchema` makes it.
 */
export function faultOf(schema: Schema, value: unknown, root: unknown): string | undefined {
  if (value === undefined) return undefined;
  const options = optionsOf(schema, root);
  if (options) {
    if (options.some((option) => isSame(option.value, value))) return undefined;
    return `Choose one of: ${options.map(({ label }) => label).join(", ")}.`;
  }
  if (schema.const !== undefined)
    return isSame(schema.const, value)
      ? undefined
      : `It is always ${JSON.stringify(schema.const)}.`;
  if (schema.oneOf) return undefined;
  switch (schema.type) {
    case "integer":
    case "number":
      return numberFault(schema, value);
    case "string":
      return typeof value === "string" ? textFault(schema, value) : "A text is wanted here.";
    case "boolean":
      return typeof value === "boolean" ? undefined : "It is on or off.";
    case "null":
      return value === null ? undefined : "Nothing is wanted here.";
    case "array":
      return Array.isArray(value) ? countFault(schema, value.length) : "A list is wanted here.";
    case "object":
      return isObject(value) ? missingFault(schema, value) : "Fields are wanted here.";
    default:
      return undefined;
  }
}

/** The first fault of a value and of all that it consists of, with the way to it: `points, 2, x`. */
export function firstFault(
  given: unknown,
  value: unknown,
  root: unknown = given,
  depth = 0,
): string | undefined {
  if (depth > DEEPEST) return undefined;
  const schema = soundSchema(given, root);
  const own = faultOf(schema, value, root);
  if (own !== undefined) return own;
  if (schema.oneOf && !optionsOf(schema, root)) {
    const faults = choicesOf(schema, root).map((it) => firstFault(it, value, root, depth + 1));
    return value === undefined || faults.includes(undefined) ? undefined : faults[0];
  }
  for (const [name, inner, part] of partsOf(schema, value)) {
    const fault = firstFault(inner, part, root, depth + 1);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  return undefined;
}

function partsOf(
  { items, properties = {}, additionalProperties }: Schema,
  value: unknown,
): readonly (readonly [name: string, schema: unknown, value: unknown])[] {
  if (Array.isArray(value))
    return value.map((part, n) => [String(n + 1), Array.isArray(items) ? items[n] : items, part]);
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, part]) => [
    name,
    Object.hasOwn(properties, name) ? properties[name] : additionalProperties,
    part,
  ]);
}

function numberFault(schema: Schema, value: unknown): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return "A number is wanted here.";
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, unit } = schema;
  const say = (limit: number) => withUnit(limit, unit);
  if (type === "integer" && !Number.isInteger(value)) return "A whole number is wanted here.";
  if (minimum !== undefined && value < minimum) return `At least ${say(minimum)}.`;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `More than ${say(exclusiveMinimum)}.`;
  if (maximum !== undefined && value > maximum) return `At most ${say(maximum)}.`;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
    return `Less than ${say(exclusiveMaximum)}.`;
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    return `A multiple of ${say(multipleOf)}.`;
  return undefined;
}

function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) <= 1e-9 * Math.max(1, Math.abs(steps));
}

function textFault(schema: Schema, text: string): string | undefined {
  const { minLength = 0, maxLength, pattern, format } = schema;
  const length = [...text].length;
  if (length < minLength)
    return minLength === 1 ? "It must not be empty." : `At least ${minLength} characters.`;
  if (maxLength !== undefined && length > maxLength)
    return `At most ${maxLength} characters: these are ${length}.`;
  if (pattern !== undefined && !fits(pattern, text)) return `It must look like ${pattern}.`;
  if (format === "uri" && !URL.canParse(text))
    return "A whole address is wanted, with its scheme and host.";
  if (format === "email" && !/^[^@\s]+@[^@\s]+$/.test(text)) return "An e-mail address is wanted.";
  if (format === "date-time" && Number.isNaN(Date.parse(text)))
    return "A date with its time is wanted: 2026-01-31T12:00:00Z.";
  return undefined;
}

/** Patterns that could take for ever are the server's to judge. */
function fits(pattern: string, text: string): boolean {
  const couldBacktrack = /[)\]][*+{].*[*+{]|\\\d|[*+}][^()]*\)[*+{]|\|[^)]*\)[*+{]/.test(pattern);
  if (couldBacktrack || text.length > 1000) return true;
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

function countFault({ minItems = 0, maxItems = Infinity }: Schema, count: number) {
  if (count < minItems) return minItems === 1 ? "At least one." : `At least ${minItems} of them.`;
  return count > maxItems ? `At most ${maxItems} of them.` : undefined;
}

function missingFault({ required = [] }: Schema, value: object): string | undefined {
  const missing = required.filter((name) => Object(value)[name] === undefined);
  return missing.length > 0 ? `Fill in: ${missing.join(", ")}.` : undefined;
}
