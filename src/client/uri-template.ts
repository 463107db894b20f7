/** What each kind of expression begins with, puts between its values, and whether it names them. */
const KINDS: Record<string, { first: string; between: string; named: boolean }> = {
  "": { first: "", between: ",", named: false },
  "/": { first: "/", between: "/", named: false },
  "?": { first: "?", between: "&", named: true },
  "&": { first: "&", between: "&", named: true },
};

/**
 * A URI template with its variables put in; those without a value are left out.
 * @see RFC 6570: simple expansion, path segments and form-style queries, which is what Thing Descriptions use.
 */
export function expandTemplate(
  template: string,
  variables: Readonly<Record<string, unknown>>,
): string {
  return template.replace(/\{([/?&]?)([^{}]*)\}/g, (_, kind: string, names: string) => {
    const { first, between, named } = KINDS[kind]!;
    const values = names.split(",").flatMap((written) => {
      const name = written.replace(/\*$|:\d+$/, "");
      const value = variables[name];
      if (value === undefined || value === null) return [];
      const text = (Array.isArray(value) ? value : [value]).map(encodeValue).join(",");
      return [named ? `${name}=${text}` : text];
    });
    return values.length > 0 ? first + values.join(between) : "";
  });
}

function encodeValue(value: unknown): string {
  return encodeURIComponent(String(value));
}
