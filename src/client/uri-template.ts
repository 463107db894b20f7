/** How the values of an expression are written: what stands before them and between them, and what behind each name. */
interface Operator {
  readonly first: string;
  readonly between: string;
  /** What joins a name to an empty value; undefined where values have no names. */
  readonly ifEmpty?: "" | "=";
  /** Whether `/`, `?` and the other reserved characters stay as they are. */
  readonly isReserved?: boolean;
}

/** @see RFC 6570, appendix A. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  "": { first: "", between: "," },
  "+": { first: "", between: ",", isReserved: true },
  "#": { first: "#", between: ",", isReserved: true },
  ".": { first: ".", between: "." },
  "/": { first: "/", between: "/" },
  ";": { first: ";", between: ";", ifEmpty: "" },
  "?": { first: "?", between: "&", ifEmpty: "=" },
  "&": { first: "&", between: "&", ifEmpty: "=" },
};

/**
 * A URI template with its variables put in. Those without a value, and empty lists, are left out; what is between the expressions stays
 * as it is.
 * @see RFC 6570, level 4.
 */
export function expandTemplate(
  template: string,
  variables: Readonly<Record<string, unknown>>,
): string {
  return template.replace(/\{([+#./;?&]?)([^{}]*)\}/g, (_, sign: string, names: string) => {
    const operator = OPERATORS[sign]!;
    const values = names.split(",").flatMap((written) => valuesOf(written, variables, operator));
    return values.length > 0 ? operator.first + values.join(operator.between) : "";
  });
}

/** @param written - A variable as an expression has it: `name`, `name*` for each of its values by itself, `name:3` for its beginning. */
function valuesOf(
  written: string,
  variables: Readonly<Record<string, unknown>>,
  { ifEmpty, isReserved = false }: Operator,
): string[] {
  const [, name = "", each, length] = /^(.*?)(?:(\*)|:(\d+))?$/s.exec(written) ?? [];
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const encode = (one: unknown) => encoded(one, isReserved);
  const named = (key: string, text: string) =>
    ifEmpty === undefined ? text : `${key}${text === "" ? ifEmpty : `=${text}`}`;
  const parts = partsOf(value);
  if (parts === undefined) {
    if (value === undefined || value === null) return [];
    const text =
      length === undefined ? value : [...String(value)].slice(0, Number(length)).join("");
    return [named(name, encode(text))];
  }
  if (each) {
    return parts.map(([key, one]) =>
      key === undefined ? named(name, encode(one)) : `${encode(key)}=${encode(one)}`,
    );
  }
  const all = parts.flatMap(([key, one]) => (key === undefined ? [one] : [key, one]));
  return all.length > 0 ? [named(name, all.map(encode).join(","))] : [];
}

/** The members of a list, or of an object with their keys; undefined for what is one value. */
function partsOf(value: unknown): [key: string | undefined, member: unknown][] | undefined {
  if (typeof value !== "object" || value === null || value instanceof Date) return undefined;
  const parts: [string | undefined, unknown][] = Array.isArray(value)
    ? value.map((member) => [undefined, member])
    : Object.entries(value);
  return parts.filter(([, member]) => member !== undefined && member !== null);
}

function encoded(value: unknown, isReserved: boolean): string {
  const text = String(value).replace(/\p{Surrogate}/gu, "\ufffd"); // halves of characters have no form in a URI
  if (!isReserved) {
    const hex = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
    return encodeURIComponent(text).replace(/[!'()*]/g, hex);
  }
  return encodeURI(text)
    .replace(/%25([\dA-F]{2})/gi, "%$1")
    .replace(/%5B/g, "[")
    .replace(/%5D/g, "]");
}
