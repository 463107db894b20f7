import type { Schema } from "../things/td.ts";
import { soundSchema } from "./sound-schema.ts";

/** What a value is entered with. */
export type FieldKind =
  | "constant"
  | "menu"
  | "flags"
  | "choice"
  | "switch"
  | "number"
  | "text"
  | "file"
  | "tuple"
  | "numbers"
  | "list"
  | "object"
  | "free";

/** One entry of a menu. */
export interface Option {
  readonly value: unknown;
  readonly label: string;
  readonly description?: string | undefined;
}

/** The longest list of fixed length that is entered in one row. */
const MOST_IN_TUPLE = 8;

const kinds = new WeakMap<Schema, FieldKind>();
const options = new WeakMap<Schema, readonly Option[]>();

/** @param schema - As `soundSchema` makes it. */
export function fieldKindOf(schema: Schema, root: unknown): FieldKind {
  const known = kinds.get(schema);
  if (known) return known;
  kinds.set(schema, "list"); // the kind of an item that is a list of such items again
  const kind = kindIn(schema, root);
  kinds.set(schema, kind);
  return kind;
}

function kindIn(schema: Schema, root: unknown): FieldKind {
  if (schema.const !== undefined || schema.type === "null") return "constant";
  if (optionsOf(schema, root)) return "menu";
  if (schema.oneOf) return "choice";
  switch (schema.type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "string":
      return schema.contentEncoding === "base64" ? "file" : "text";
    case "array":
      return listKindOf(schema, root);
    case "object":
      return "object";
    default:
      return "free";
  }
}

function listKindOf(schema: Schema, root: unknown): FieldKind {
  const { items, minItems, maxItems } = schema;
  if (Array.isArray(items)) return "tuple";
  const inner = soundSchema(items, root);
  const kind = fieldKindOf(inner, root);
  if (kind === "menu" && schema.uniqueItems) return "flags";
  const isFixed = minItems === maxItems && minItems !== undefined && minItems <= MOST_IN_TUPLE;
  if (isFixed && minItems > 0) return "tuple";
  return kind === "number" ? "numbers" : "list";
}

/** What a value is chosen from; undefined where it is not. */
export function optionsOf(schema: Schema, root: unknown): readonly Option[] | undefined {
  if (!schema.oneOf && !schema.enum) return undefined;
  const known = options.get(schema) ?? optionsIn(schema, root);
  if (known) options.set(schema, known);
  return known;
}

function optionsIn(schema: Schema, root: unknown): readonly Option[] | undefined {
  const labelled = schema.oneOf?.map((choice) => soundSchema(choice, root));
  const isMenu = labelled?.every(
    (choice) => choice.const !== undefined || isSingle(choice) || choice.type === "null",
  );
  if (labelled && isMenu) {
    return labelled.map((choice) => {
      const value = choice.const ?? choice.enum?.[0] ?? null;
      const { title, description } = choice;
      return { value, label: title ?? labelOf(value), description };
    });
  }
  return schema.enum?.map((value) => ({ value, label: labelOf(value) }));
}

function isSingle({ enum: values }: Schema): boolean {
  return values?.length === 1;
}

/** A constant of a schema in words. */
export function labelOf(value: unknown): string {
  if (value === null) return "None";
  if (value === "") return "(empty)";
  if (typeof value === "boolean") return value ? "On" : "Off";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What one of several schemas is called. */
export function choiceLabel(schema: Schema, root: unknown): string {
  const { title, type, properties = {}, required = [] } = schema;
  if (title) return title;
  if (schema.const !== undefined || type === "null") return labelOf(schema.const ?? null);
  for (const member of Object.values(properties)) {
    const { const: mark } = soundSchema(member, root);
    if (typeof mark === "string") return mark; // tells apart which of the objects it is
  }
  const names = required.length > 0 ? required : Object.keys(properties);
  if (names.length > 0) return names.slice(0, 3).join(", ");
  return TYPE_WORDS.get(type ?? "") ?? (schema.enum ? "One of a list" : "Any value");
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ["boolean", "On or off"],
  ["integer", "Whole number"],
  ["number", "Number"],
  ["string", "Text"],
  ["array", "List"],
  ["object", "Fields"],
]);
