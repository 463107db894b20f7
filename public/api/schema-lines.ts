import { html, nothing, type TemplateResult } from "lit";
import { choicesOf, soundSchema } from "../schema/sound-schema.ts";
import type { Schema } from "../things/td.ts";

const DEEPEST = 6;

/** A schema for people: its type in a line, and below it what it consists of. */
export function schemaLines(
  given: unknown,
  root: unknown,
  { name = "", isRequired = false, depth = 0 } = {},
): TemplateResult {
  const schema = soundSchema(given, root);
  const parts = depth > DEEPEST ? [] : partsOf(schema, root);
  const next = depth + 1;
  return html`<div class="schema">
    <p>
      ${name && html`<code>${name}</code>`}${isRequired ? html`<span class="required" title="Required">*</span>` : nothing}
      <span class="type">${typeOf(schema, root)}</span>
      <span class="limits">${limitsOf(schema)}</span>
      <span class="about">${schema.description}</span>
    </p>
    ${
      parts.length > 0
        ? html`<div class="inner">
            ${parts.map((part) => schemaLines(part.schema, root, { ...part, depth: next }))}
          </div>`
        : nothing
    }
  </div>`;
}

interface Part {
  readonly name?: string;
  readonly schema: unknown;
  readonly isRequired?: boolean;
}

function partsOf(schema: Schema, root: unknown): readonly Part[] {
  const { properties = {}, required = [], items, additionalProperties } = schema;
  const named = Object.entries(properties).map(([name, inner]) => ({
    name,
    schema: inner as unknown,
    isRequired: required.includes(name),
  }));
  const listed = Array.isArray(items)
    ? items.map((inner, n) => ({ name: String(n), schema: inner }))
    : [];
  const rest = [Array.isArray(items) ? undefined : items, additionalProperties].map((it) => ({
    schema: it as unknown,
  }));
  const choices = choicesOf(schema, root)
    .filter((it) => Object.keys(it.properties ?? it).some((name) => !(name in properties)))
    .map((it) => ({ schema: it as unknown }));
  return [
    ...named,
    ...listed,
    ...[...rest, ...choices].filter((it) => isStructured(it.schema, root)),
  ];
}

/** Whether a schema says more than its one line tells. */
function isStructured(given: unknown, root: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  const { properties, oneOf, items } = soundSchema(given, root);
  return properties !== undefined || oneOf !== undefined || items !== undefined;
}

function typeOf(schema: Schema, root: unknown, depth = 0): string {
  const { type, enum: values, const: fixed, items, oneOf } = schema;
  if (fixed !== undefined) return JSON.stringify(fixed);
  if (values) return values.map((value) => JSON.stringify(value)).join(" or ");
  if (oneOf && depth < DEEPEST) {
    const types = choicesOf(schema, root).map((it) => typeOf(it, root, depth + 1));
    return [...new Set(types)].join(" or ");
  }
  if (type === "array" && items && !Array.isArray(items) && depth < DEEPEST)
    return `array of ${typeOf(soundSchema(items, root), root, depth + 1)}`;
  return type ?? "any";
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, unit, pattern, format } =
    schema;
  const parts = [
    rangeOf(minimum, maximum, unit) || unit,
    rangeOf(minLength, maxLength, "characters"),
    rangeOf(minItems, maxItems, "items"),
    format,
    pattern && `like ${pattern}`,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function rangeOf(from: unknown, to: unknown, what = ""): string {
  if (from === undefined && to === undefined) return "";
  if (to === undefined) return `from ${from} ${what}`.trim();
  if (from === undefined) return `up to ${to} ${what}`.trim();
  return `${from} to ${to} ${what}`.trim();
}
