import { NAMED_SCHEMAS } from "./schemas.ts";

type Schema = Record<string, unknown>;

const NAMES = new Map<unknown, string>(
  Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [schema, name]),
);

/** The schemas that others refer to, by name. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [name, rewritten(schema)]),
  );
}

/**
 * A JSON Schema as OpenAPI 3.1 takes it, which is draft 2020-12: tuples have other words there. Schemas with a name
 * are referred to.
 * @see OpenAPI 3.1.1, 4.8.24 Schema Object; JSON Schema 2020-12, 10.3.1.1 prefixItems.
 */
export function toOpenApiSchema(schema: unknown): unknown {
  const name = NAMES.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return isObject(schema) ? rewritten(schema) : schema;
}

/** Of these members the values are schemas by name, of those a list of schemas, of the last a schema each. */
const MAPS = new Set(["properties", "patternProperties", "definitions", "$defs"]);
const LISTS = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const SCHEMAS = new Set(["items", "additionalProperties", "not", "if", "then", "else", "contains"]);

/** An author's `$id` would be an address; what stands in this document has none of its own. */
function rewritten(schema: object): Schema {
  const { $id: _, ...members } = withPrefixItems({ ...schema });
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, converted(key, value)]),
  );
}

function converted(key: string, value: unknown): unknown {
  if (MAPS.has(key) && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, schema]) => [name, toOpenApiSchema(schema)]),
    );
  }
  if (LISTS.has(key) && Array.isArray(value)) return value.map(toOpenApiSchema);
  return SCHEMAS.has(key) ? toOpenApiSchema(value) : value;
}

function withPrefixItems({ items, additionalItems, ...rest }: Schema): Schema {
  if (!Array.isArray(items)) return items === undefined ? rest : { ...rest, items };
  return {
    ...rest,
    prefixItems: items,
    ...(additionalItems !== undefined && { items: additionalItems }),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
