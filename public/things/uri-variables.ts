import type { JsonObject, Schema } from "./td.ts";

/**
 * The variables in the URL by which something is done, as one object; undefined where there are none. Others that a description lists
 * are those of other operations.
 * @param op - `invokeaction`, `readproperty`.
 */
export function uriVariablesOf(
  { uriVariables, forms }: JsonObject,
  op: string,
): Schema | undefined {
  const list: readonly unknown[] = Array.isArray(forms) ? forms : [];
  const usable = list
    .map((form) => Object(form))
    .filter(({ op: ops }) => ops === undefined || [ops].flat().includes(op));
  const templates = usable.flatMap(({ href }) => String(href).match(/\{[^}]*\}/g) ?? []);
  const names = new Set(
    templates.flatMap((template) => template.match(/[\w.%-]+/g) ?? []).map(withoutPrefix),
  );
  const properties = Object.entries(Object(uriVariables)).filter(([name]) => names.has(name));
  if (properties.length === 0) return undefined;
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/** `{.name}` has an operator in front. */
function withoutPrefix(name: string): string {
  return name.replace(/^\./, "");
}
