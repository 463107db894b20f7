import { descriptionIn, titleIn } from "../things/languages.ts";
import type { JsonObject, Schema } from "../things/td.ts";

const NUMBERS =
  "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems".split(
    " ",
  );
const TEXTS = "unit format pattern contentEncoding contentMediaType".split(" ");
const FLAGS = "readOnly writeOnly uniqueItems".split(" ");
/** Limits that no value keeps are none. */
const LIMITS = [
  ["minimum", "maximum"],
  ["minLength", "maxLength"],
  ["minItems", "maxItems"],
] as const;
/** References that lead to references: further than that nobody follows. */
const MOST_REFERENCES = 20;
const NOTHING: JsonObject = {};

/**
 * A schema as its fields are made from it: references are followed, `allOf` is one schema, `anyOf` is `oneOf`, several types are
 * choices, and what no schema can say is left out: a keyword of a wrong type, a minimum above the maximum. What is inside is made sound
 * when it is shown. The same schema gives the same object each time.
 * @param root - Where `#/...` leads to.
 */
export const soundSchema: (schema: unknown, root: unknown) => Schema = rememberedBySchema(soundOf);

function soundOf(schema: JsonObject, root: unknown): Schema {
  const source = together(followed(schema, root), root);
  const { type, items, prefixItems, additionalItems, oneOf, anyOf } = source;
  const known: Record<string, unknown> = {
    ...only(source, NUMBERS, (value) => Number.isFinite(value)),
    ...only(source, TEXTS, (value) => typeof value === "string"),
    ...only(source, FLAGS, (value) => typeof value === "boolean"),
    ...only(source, ["default", "const", "$defs", "definitions"], (value) => value !== undefined),
    ...only(source, ["enum", "required", "examples"], Array.isArray),
    ...only(source, ["properties"], isObject),
    ...only(source, ["additionalProperties"], (it) => typeof it === "boolean" || isObject(it)),
  };
  Object.assign(known, inLanguage("title", titleIn(source)));
  Object.assign(known, inLanguage("description", descriptionIn(source)));
  if (typeof type === "string") known.type = type;
  if (Object(known.enum).length === 0) delete known.enum;
  if (Number(known.multipleOf) <= 0) delete known.multipleOf;
  for (const [least, most] of LIMITS) {
    if (Number(known[least]) > Number(known[most])) {
      delete known[least];
      delete known[most];
    }
  }
  const fixed = Array.isArray(prefixItems) ? prefixItems : items;
  if (fixed !== undefined) known.items = fixed;
  const isClosed = Array.isArray(fixed) && (additionalItems === false || items === false);
  if (isClosed) Object.assign(known, { minItems: fixed.length, maxItems: fixed.length });
  const choices = [oneOf, anyOf].find((it) => Array.isArray(it) && it.length > 0);
  if (choices) known.oneOf = choices;
  else if (Array.isArray(type)) Object.assign(known, choicesOfTypes(type, source));
  known.type ??= impliedType(known);
  if (known.type === undefined) delete known.type;
  return known;
}

/** What a choice of several inherits: the whole's words on it, and what it says itself. */
export const choicesOf: (schema: Schema, root: unknown) => readonly Schema[] =
  rememberedBySchema(choicesIn);

/** What is found out about a schema, once: lists have one schema for each of 100 000 values. */
function rememberedBySchema<T>(
  find: (schema: JsonObject, root: unknown) => T,
): (schema: unknown, root: unknown) => T {
  const roots = new WeakMap<JsonObject, WeakMap<JsonObject, T>>();
  return (given, root) => {
    const schema = isObject(given) ? given : NOTHING;
    const top = isObject(root) ? root : NOTHING;
    const known = roots.get(top) ?? new WeakMap<JsonObject, T>();
    roots.set(top, known);
    const found = known.get(schema) ?? find(schema, root);
    known.set(schema, found);
    return found;
  };
}

function choicesIn(schema: Schema, root: unknown): readonly Schema[] {
  const { oneOf = [], title, description, default: _, $defs, definitions, ...outer } = schema;
  return oneOf.map((choice) => {
    const own = soundSchema(choice, root);
    const { properties, required = [] } = outer;
    if (!properties) return { ...only(outer, ["unit", "type"], Boolean), ...own };
    return {
      ...outer,
      ...own,
      properties: { ...properties, ...own.properties },
      required: [...required, ...(own.required ?? [])],
    };
  });
}

/** Where `#/$defs/point` leads to. */
function followed(schema: unknown, root: unknown): JsonObject {
  let found = objectOf(schema);
  for (let n = 0; typeof found.$ref === "string"; n++) {
    const { $ref, ...beside } = found;
    const target = n < MOST_REFERENCES ? targetOf($ref, root) : {};
    found = { ...objectOf(target), ...beside };
  }
  return found;
}

function targetOf(reference: string, root: unknown): unknown {
  if (!reference.startsWith("#")) return {};
  const steps = decode(reference.slice(1)).split("/").slice(1);
  return steps
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, step) => (isOwn(at, step) ? at[step] : undefined), root);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isOwn(at: unknown, step: string): at is Record<string, unknown> {
  return typeof at === "object" && at !== null && Object.hasOwn(at, step);
}

/** `allOf` put together; one that leads to itself adds nothing. */
function together(
  schema: JsonObject,
  root: unknown,
  known = new Map<unknown, JsonObject>(),
): JsonObject {
  const { allOf, ...outer } = schema;
  if (!Array.isArray(allOf)) return schema;
  let properties: JsonObject = { ...objectOf(outer.properties) };
  const required = textsOf(outer.required);
  const whole: Record<string, unknown> = { ...outer };
  for (const one of allOf) {
    if (!known.has(one)) {
      known.set(one, NOTHING);
      known.set(one, together(followed(one, root), root, known));
    }
    const part = known.get(one) ?? NOTHING;
    properties = { ...properties, ...objectOf(part.properties) };
    required.push(...textsOf(part.required));
    Object.assign(whole, part);
  }
  return Object.keys(properties).length > 0 ? { ...whole, properties, required } : whole;
}

function inLanguage(name: string, text: string | undefined): JsonObject {
  return text === undefined ? NOTHING : { [name]: text };
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((text) => typeof text === "string") : [];
}

function choicesOfTypes(types: readonly unknown[], source: JsonObject): Partial<Schema> {
  const { title, description, default: _, unit, enum: values, const: fixed, ...rest } = source;
  if (values !== undefined || fixed !== undefined) return {};
  const named = types.filter((type): type is string => typeof type === "string");
  const distinct = named.filter((type) => type !== "integer" || !named.includes("number"));
  if (distinct.length === 1) return { type: distinct[0] as string };
  return { oneOf: distinct.map((type) => ({ ...rest, unit, type })) as readonly Schema[] };
}

/** Many leave the type out where the other words tell. */
function impliedType(schema: JsonObject): string | undefined {
  if (schema.oneOf || schema.enum || schema.const !== undefined) return undefined;
  if (schema.properties) return "object";
  if (schema.items) return "array";
  if (schema.minLength ?? schema.maxLength ?? schema.pattern) return "string";
  return (schema.minimum ?? schema.maximum ?? schema.multipleOf) === undefined
    ? undefined
    : "number";
}

function only(
  source: JsonObject,
  names: readonly string[],
  isSound: (value: unknown) => boolean,
): Record<string, unknown> {
  const sound = names.filter((name) => Object.hasOwn(source, name) && isSound(source[name]));
  return Object.fromEntries(sound.map((name) => [name, source[name]]));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
