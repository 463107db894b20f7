import type { TSchema } from "typebox";
import { decodePercent } from "../base/percent.ts";
import { isRecord } from "../base/values.ts";
import { jsonCopy } from "./json-value.ts";

type Schema = Record<PropertyKey, unknown>;

/** Of these members the values are schemas by name, of those a list of schemas, of the last a schema each. */
const MAPS = new Set(["properties", "patternProperties", "dependentSchemas"]);
const LISTS = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const SCHEMAS = new Set(
  "items additionalItems additionalProperties propertyNames contains not if then else".split(" "),
);
const DEFINITIONS = ["$defs", "definitions"];
const NAMES = [...DEFINITIONS, "$id", "$anchor"];

const MAX_DEPTH = 64;
const MAX_SCHEMAS = 10_000;

const known = new WeakMap<object, TSchema>();

/**
 * A copy of the schema without references: each `$ref` is replaced by what it refers to. A Thing Description has no word for a
 * reference, and so none for a schema that contains itself.
 * @throws {TypeError} The part of a sentence that says what is wrong, for a schema that refers to itself, or to nothing.
 */
export function plainSchema(schema: TSchema): TSchema {
  if (typeof schema !== "object" || schema === null) return schema;
  const found = known.get(schema);
  if (found) return found;
  // A copy, read once: what is described and what is checked stay the same, whatever becomes of the author's object.
  const whole = new Inliner(schema).whole();
  const plain = jsonCopy(whole) as TSchema;
  keepMarks(whole, plain);
  known.set(schema, plain);
  known.set(plain, plain);
  return plain;
}

/** Each schema in a plain one, with where it is: a JSON Pointer. */
export function* schemasIn(
  schema: unknown,
  where = "",
): Generator<[where: string, schema: Schema]> {
  if (!isRecord(schema)) return;
  yield [where, schema];
  for (const [key, value] of Object.entries(schema)) {
    const at = `${where}/${key}`;
    if (MAPS.has(key) && isRecord(value))
      for (const [name, inner] of Object.entries(value)) yield* schemasIn(inner, `${at}/${name}`);
    else if (Array.isArray(value) && (LISTS.has(key) || key === "items"))
      for (const [n, inner] of value.entries()) yield* schemasIn(inner, `${at}/${n}`);
    else if (SCHEMAS.has(key)) yield* schemasIn(value, at);
  }
}

/** Symbols mark schemas (of a Blob): JSON has none of them. */
function keepMarks(original: object, copy: object): void {
  for (const mark of Object.getOwnPropertySymbols(original))
    Reflect.set(copy, mark, Reflect.get(original, mark));
  for (const [key, inner] of Object.entries(copy)) {
    const from: unknown = Reflect.get(original, key);
    if (typeof inner === "object" && inner !== null && typeof from === "object" && from !== null)
      keepMarks(from, inner);
  }
}

class Inliner {
  readonly #root: Schema;
  readonly #above = new Set<object>();
  #count = 0;

  constructor(root: object) {
    this.#root = root as Schema;
  }

  whole(): Schema {
    return this.#plain(this.#root, "", [this.#root]) as Schema;
  }

  /** @param scopes - The schemas around it that define names, the nearest last. */
  #plain(schema: unknown, where: string, scopes: readonly Schema[]): unknown {
    if (!isRecord(schema)) return schema; // true and false; ajv refuses anything else
    if (this.#above.has(schema)) throw refersToItself(where);
    this.#count += 1;
    if (this.#above.size > MAX_DEPTH)
      throw new TypeError(`it is more than ${MAX_DEPTH} levels deep`);
    if (this.#count > MAX_SCHEMAS) throw new TypeError(`it has more than ${MAX_SCHEMAS} parts`);
    const within = DEFINITIONS.some((key) => key in schema) ? [...scopes, schema] : scopes;
    this.#above.add(schema);
    const plain = this.#withoutReference(
      this.#withPlainParts(schema, where, within),
      where,
      within,
    );
    this.#above.delete(schema);
    return plain;
  }

  #withoutReference(schema: Schema, where: string, scopes: readonly Schema[]): Schema {
    if ("$dynamicRef" in schema || "$recursiveRef" in schema)
      throw new TypeError(`it has a $dynamicRef${at(where)}, which is not supported`);
    if (!NAMES.some((key) => key in schema) && !("$ref" in schema)) return schema;
    const { $ref, ...own } = schema;
    for (const key of NAMES) delete own[key];
    if ($ref === undefined) return own;
    const target = found(String($ref), this.#root, scopes);
    if (target === undefined)
      throw new TypeError(`it refers to '${$ref}'${at(where)}, but nothing in it has that name`);
    return { ...(this.#plain(target, where, scopes) as Schema), ...own };
  }

  #withPlainParts(schema: Schema, where: string, scopes: readonly Schema[]): Schema {
    const parts = Object.entries(schema).map(
      ([key, value]) => [key, this.#part(key, value, `${where}/${key}`, scopes)] as const,
    );
    return { ...schema, ...Object.fromEntries(parts) };
  }

  #part(key: string, value: unknown, where: string, scopes: readonly Schema[]): unknown {
    const plain = (inner: unknown, at: unknown) => this.#plain(inner, `${where}/${at}`, scopes);
    if (MAPS.has(key) && isRecord(value))
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, plain(inner, name)]),
      );
    if (Array.isArray(value) && (LISTS.has(key) || key === "items")) return value.map(plain);
    return SCHEMAS.has(key) ? this.#plain(value, where, scopes) : value;
  }
}

/** By pointer (`#/$defs/Node`), by `$id`, or by the name of a definition, as TypeBox writes it. */
function found(reference: string, root: Schema, scopes: readonly Schema[]): unknown {
  if (reference === "#" || reference === root.$id) return root;
  if (reference.startsWith("#/")) return pointed(root, reference.slice(2).split("/"));
  const name = reference.replace(/^#/, "");
  for (const scope of [...scopes].reverse()) {
    for (const key of DEFINITIONS) {
      const definitions = isRecord(scope[key]) ? scope[key] : {};
      if (Object.hasOwn(definitions, name)) return definitions[name];
      const named = Object.values(definitions).find(
        (one) => isRecord(one) && (one.$id === reference || one.$anchor === name),
      );
      if (named) return named;
    }
  }
  return undefined;
}

function pointed(root: Schema, segments: readonly string[]): unknown {
  return segments
    .map((segment) => decodePercent(segment).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (inner, name) => (isRecord(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
      root,
    );
}

function refersToItself(where: string): TypeError {
  return new TypeError(
    `it refers to itself${at(where)}, which a Thing Description cannot express; write out as many levels as there are, or use Type.Unknown() there`,
  );
}

function at(where: string): string {
  return where === "" ? "" : ` at ${where}`;
}
