/** What a Thing Description 1.1 can say of a value: a subset of JSON Schema (W3C TD 1.1, section 5.3.2). */
type DataSchema = Record<string, unknown>;

type Schema = Record<string, unknown>;

const KEPT = new Set([
  ..."@type title titles description descriptions type const enum default unit format readOnly writeOnly".split(
    " ",
  ),
  ..."minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern".split(
    " ",
  ),
  ..."contentEncoding contentMediaType minItems maxItems required examples additionalProperties".split(
    " ",
  ),
]);

/**
 * The DataSchema for a JSON Schema: `anyOf` becomes `oneOf` or `enum`, a list of types becomes `oneOf`, tuples keep
 * their items, `allOf` of objects is merged, and what a TD reader would not understand is left out. Values are still
 * validated with the schema as its author wrote it.
 * @throws {TypeError} for `$ref`, which a TD cannot express.
 */
export function toDataSchema(schema: unknown): DataSchema {
  if (schema === true || schema === undefined) return {};
  const source = schema as Schema;
  if (source.$ref !== undefined)
    throw new TypeError(
      `a $ref (${source.$ref}) cannot be expressed in a Thing Description; write the schema out`,
    );
  if (Array.isArray(source.allOf)) return toDataSchema(merged(source));
  const choices = choicesOf(source);
  const result = copied(Array.isArray(source.type) ? annotationsOf(source) : source);
  if (choices) return Object.assign(result, alternatives(choices));
  if (source.items !== undefined) Object.assign(result, itemsOf(source));
  if (isSchema(source.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(source.properties).map(([name, inner]) => [name, toDataSchema(inner)]),
    );
  } else if (result.type === "object") {
    result.properties = {}; // members of any name: others' validators want to be told that none is known
  }
  return result;
}

/** A tuple says by its length that there is nothing behind it: a TD has no word for that. */
function itemsOf({ items, additionalItems }: Schema): Schema {
  if (!Array.isArray(items)) return { items: toDataSchema(items) };
  const closedTuple = additionalItems === false && {
    minItems: items.length,
    maxItems: items.length,
  };
  return { items: items.map(toDataSchema), ...closedTuple };
}

/** What is said of the whole, not of values of one type. */
function annotationsOf(source: Schema): Schema {
  const words = /^(titles?|descriptions?|default|unit|readOnly|writeOnly|enum|const|examples)$/;
  return Object.fromEntries(Object.entries(source).filter(([key]) => words.test(key)));
}

function copied(source: Schema): DataSchema {
  const result: DataSchema = {};
  for (const [key, value] of Object.entries(source)) {
    if (key === "type" && Array.isArray(value)) continue;
    if (key === "additionalProperties" && value !== false) continue; // `true` says nothing
    if (key === "default" && value === null) continue;
    if (KEPT.has(key)) result[key] = value;
  }
  return result;
}

function choicesOf({ anyOf, oneOf, type, ...rest }: Schema): Schema[] | undefined {
  const listed = anyOf ?? oneOf;
  if (Array.isArray(listed)) return listed as Schema[];
  if (Array.isArray(type)) return type.map((one) => ({ ...typeOnly(one, rest), type: one }));
  return undefined;
}

/** The keywords that say something about values of one type. */
function typeOnly(type: unknown, schema: Schema): Schema {
  const words: Record<string, RegExp> = {
    number: /minimum|maximum|multipleOf/i,
    integer: /minimum|maximum|multipleOf/i,
    string: /length|pattern|format|content/i,
    array: /items/i,
    object: /properties|required/i,
  };
  const own = words[String(type)];
  return Object.fromEntries(Object.entries(schema).filter(([key]) => own?.test(key)));
}

/**
 * One choice is itself, constants become an enum, and an integer beside a number is a number already. Constants with titles keep them
 * beside the enum: `oneOf` is for those who show labels.
 */
function alternatives(choices: Schema[]): DataSchema {
  if (choices.every((choice) => choice.const !== undefined)) {
    const values = choices.map((choice) => choice.const);
    const types = new Set(values.map((value) => typeof value));
    const [type] = types;
    const isLabelled = choices.some(({ title }) => title !== undefined);
    const labelled = isLabelled && { oneOf: choices.map(copied) };
    return {
      enum: values,
      ...(types.size === 1 && { type: typeOfValues(type, values) }),
      ...labelled,
    };
  }
  const converted = choices.map(toDataSchema);
  const hasNumber = converted.some((choice) => isPlain(choice, "number"));
  const distinct = converted.filter((choice) => !(hasNumber && isPlain(choice, "integer")));
  return distinct.length === 1 ? { ...distinct[0] } : { oneOf: distinct };
}

function typeOfValues(type: string | undefined, values: readonly unknown[]): string | undefined {
  return type === "number" && values.every(Number.isInteger) ? "integer" : type;
}

function isPlain(schema: DataSchema, type: string): boolean {
  return schema.type === type && Object.keys(schema).length === 1;
}

function merged({ allOf, ...outer }: Schema): Schema {
  const result: Schema = { ...outer };
  for (const part of allOf as Schema[]) {
    const { properties, required } = result;
    Object.assign(result, part);
    if (isSchema(properties)) result.properties = Object.assign({}, properties, part.properties);
    if (Array.isArray(required))
      result.required = [...new Set([...required, ...[part.required ?? []].flat()])];
  }
  return result;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}
