import { isSame } from "../things/same-value.ts";
import type { Schema } from "../things/td.ts";
import { type Option, optionsOf } from "./field-kinds.ts";
import { choicesOf, isObject, soundSchema } from "./sound-schema.ts";
import { withUnit } from "./units.ts";

/** Deeper than that, and at more parts, a value is not looked at: the server does. */
const DEEPEST = 40;
const MOST_PARTS = 50_000;
/** Ways to read a text by a pattern. */
const MOST_READINGS = 1e7;
/** Of a menu, in a sentence. */
const MOST_NAMED = 12;

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
    return `Choose one of: ${namesOf(options)}.`;
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
): string | undefined {
  return faultWithin(given, value, { root, left: MOST_PARTS }, 0);
}

/** One look at a value: a schema that leads to itself would take for ever. */
interface Look {
  readonly root: unknown;
  /** So many parts are looked at yet. */
  left: number;
}

function faultWithin(
  given: unknown,
  value: unknown,
  look: Look,
  depth: number,
): string | undefined {
  look.left -= 1;
  if (depth > DEEPEST || look.left < 0) return undefined;
  const { root } = look;
  const schema = soundSchema(given, root);
  const own = faultOf(schema, value, root);
  if (own !== undefined) return own;
  if (schema.oneOf && !optionsOf(schema, root))
    return value === undefined ? undefined : faultOfAll(schema, value, look, depth);
  for (const [name, inner, part] of partsOf(schema, value, look)) {
    const fault = faultWithin(inner, part, look, depth + 1);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  return undefined;
}

/** What is wrong with a value by the first of several schemas, if it fits none. */
function faultOfAll(schema: Schema, value: unknown, look: Look, depth: number): string | undefined {
  let first: string | undefined;
  for (const choice of choicesOf(schema, look.root)) {
    const fault = faultWithin(choice, value, look, depth + 1);
    if (fault === undefined) return undefined;
    first ??= fault;
  }
  return first;
}

function partsOf(
  { items, properties = {}, additionalProperties }: Schema,
  value: unknown,
  { left }: Look,
): readonly (readonly [name: string, schema: unknown, value: unknown])[] {
  if (Array.isArray(value))
    return value
      .slice(0, left)
      .map((part, n) => [String(n + 1), Array.isArray(items) ? items[n] : items, part]);
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
  if (!isQuick(pattern, text.length)) return true;
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/** Each repetition in a pattern multiplies the ways to read a text by its length; repeated groups do so without end. */
function isQuick(pattern: string, length: number): boolean {
  const plain = pattern.replaceAll(/\\[^\d]/g, "_").replaceAll(/\[[^\]]*\]/g, "_");
  if (/\)[*+{]|\\/.test(plain)) return false;
  const repetitions = plain.match(/[*+?]|\{\d*,/g)?.length ?? 0;
  return length ** repetitions <= MOST_READINGS;
}

function countFault({ minItems = 0, maxItems = Infinity }: Schema, count: number) {
  if (count < minItems) return minItems === 1 ? "At least one." : `At least ${minItems} of them.`;
  return count > maxItems ? `At most ${maxItems} of them.` : undefined;
}

function missingFault({ required = [] }: Schema, value: object): string | undefined {
  const missing = required.filter(
    (name) => !Object.hasOwn(value, name) || Object(value)[name] === undefined,
  );
  return missing.length > 0 ? `Fill in: ${missing.join(", ")}.` : undefined;
}

function namesOf(options: readonly Option[]): string {
  const names = options.slice(0, MOST_NAMED).map(({ label }) => label);
  const left = options.length - names.length;
  return left > 0 ? `${names.join(", ")} and ${left} more` : names.join(", ");
}
