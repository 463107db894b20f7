import { h } from "./dom.js";

/** The schema itself, wherever it is written. */
export function resolved(schema, document) {
  if (!schema?.$ref) return schema ?? {};
  const steps = schema.$ref.split("/").slice(1);
  return resolved(
    steps.reduce((at, step) => at[step], document),
    document,
  );
}

/** A schema for people: its type in a line, and below it what it consists of. */
export function schemaTree(schema, document, { name = "", required = false, depth = 0 } = {}) {
  const plain = flattened(schema, document);
  const inner =
    depth > 6
      ? []
      : partsOf(plain, document).map((part) =>
          schemaTree(part.schema, document, { ...part, depth: depth + 1 }),
        );
  return h(
    "div",
    { class: "schema" },
    h(
      "p",
      {},
      name && h("code", {}, name),
      required && h("span", { class: "required", title: "Required" }, "*"),
      h("span", { class: "type" }, typeOf(plain, document)),
      h("span", { class: "limits" }, limitsOf(plain)),
      plain.description && h("span", { class: "about" }, plain.description),
    ),
    inner.length > 0 && h("div", { class: "inner" }, inner),
  );
}

/** `allOf` put together. */
function flattened(schema, document) {
  const plain = resolved(schema, document);
  if (!plain.allOf) return plain;
  const parts = plain.allOf.map((part) => flattened(part, document));
  const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {}));
  return Object.assign({}, ...parts, {
    properties,
    required: parts.flatMap((part) => part.required ?? []),
  });
}

function partsOf(schema, document) {
  const { properties, items, prefixItems, additionalProperties, required = [] } = schema;
  const choices = (schema.oneOf ?? schema.anyOf ?? []).map((choice) => resolved(choice, document));
  const named = Object.entries(properties ?? {}).map(([name, inner]) => ({
    name,
    schema: inner,
    required: required.includes(name),
  }));
  const listed = (prefixItems ?? []).map((inner, n) => ({ name: String(n), schema: inner }));
  const rest = [items, additionalProperties]
    .filter(isStructured)
    .map((inner) => ({ schema: inner }));
  return [
    ...named,
    ...listed,
    ...rest,
    ...choices.filter(isStructured).map((inner) => ({ schema: inner })),
  ];
}

/** Whether a schema says more than its one line tells. */
function isStructured(schema) {
  if (typeof schema !== "object" || schema === null) return false;
  return Boolean(
    schema.$ref ||
      schema.properties ||
      schema.prefixItems ||
      schema.items ||
      schema.allOf ||
      schema.description,
  );
}

function typeOf(schema, document) {
  const plain = resolved(schema, document);
  const choices = plain.oneOf ?? plain.anyOf;
  if (plain.enum) return plain.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (plain.const !== undefined) return JSON.stringify(plain.const);
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, document)))].join(" | ");
  if (Array.isArray(plain.type)) return plain.type.join(" | ");
  if (plain.type === "array" && plain.items && plain.items !== true)
    return `list of ${typeOf(plain.items, document)}`;
  if (plain.type === "array") return "list";
  return plain.type ?? (plain.properties ? "object" : "any");
}

function limitsOf(schema) {
  const {
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    minItems,
    maxItems,
    unit,
    pattern,
  } = schema;
  const range = [
    minimum !== undefined && `from ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && `to ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ];
  const count = minItems !== undefined && minItems === maxItems ? `${minItems} of them` : "";
  const more = [
    pattern && `like ${pattern}`,
    schema.format,
    schema.default !== undefined && `${JSON.stringify(schema.default)} by default`,
  ];
  return [[...range, unit].filter(Boolean).join(" "), count, ...more].filter(Boolean).join(", ");
}

/** A value that fits, to begin with. */
export function exampleOf(schema, document, depth = 0) {
  const plain = flattened(schema, document);
  if (plain.default !== undefined) return plain.default;
  if (plain.examples?.length) return plain.examples[0];
  if (plain.const !== undefined) return plain.const;
  if (plain.enum) return plain.enum[0];
  const choice = (plain.oneOf ?? plain.anyOf)?.[0];
  if (choice) return exampleOf(choice, document, depth + 1);
  const type = Array.isArray(plain.type) ? plain.type[0] : plain.type;
  if (type === "object" || plain.properties) return objectExample(plain, document, depth);
  if (type === "array") {
    if (plain.prefixItems)
      return plain.prefixItems.map((item) => exampleOf(item, document, depth + 1));
    return Array.from({ length: plain.minItems ?? 0 }, () =>
      exampleOf(plain.items, document, depth + 1),
    );
  }
  if (type === "integer" || type === "number") return plain.minimum ?? 0;
  if (type === "boolean") return false;
  return type === "string" ? "" : null;
}

/** Members that must be there, and those whose default shows what they are for. */
function objectExample({ properties = {}, required = [] }, document, depth) {
  if (depth > 4) return {};
  const shown = Object.entries(properties).filter(
    ([name, inner]) => required.includes(name) || resolved(inner, document).default !== undefined,
  );
  return Object.fromEntries(
    shown.map(([name, inner]) => [name, exampleOf(inner, document, depth + 1)]),
  );
}
